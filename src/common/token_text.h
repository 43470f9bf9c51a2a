/*
 * token_text: the text of a token file, which is of one form for the daemon and for its clients:
 * one token a line. Blanks around a token do not count, and neither do empty lines and those that
 * begin with #. The daemon takes all tokens of its file, a client the first one of its own: so one
 * file serves both.
 */
#ifndef TASKMASTER_COMMON_TOKEN_TEXT_H
#define TASKMASTER_COMMON_TOKEN_TEXT_H

#include <stddef.h>

enum {
    TOKEN_LEN_MIN = 8,
    TOKEN_LEN_MAX = 256,
    TOKEN_FILE_MAX = 64 * 1024, /* bytes of the whole file */
    TOKEN_WHY_MAX = 128,        /* what is wrong with a line, as text */
};

/* Where reading is. */
struct token_text {
    char *rest;    /* of the text; NULL at its end */
    unsigned line; /* the one that was read last, from 1 */
    char why[TOKEN_WHY_MAX];
};

/* `text` of `len` bytes and a NUL is written to while it is read. */
struct token_text token_text_begin(char *text, size_t len);

/* The next token, which lies in the text. NULL at the end of the text, or at a line that is wrong:
 * then `why` says what was found and what was expected, without showing any of it; else it is
 * empty. */
const char *token_text_next(struct token_text *reader);

#endif
