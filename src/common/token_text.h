/*
 * token_text: reads the text of a token file: one token a line. Blanks around a token, empty lines
 * and lines beginning with # do not count. The form is the same for the daemon and its clients: the
 * daemon takes all tokens of its file, a client takes the first token of its file. So one file
 * serves both.
 */
#ifndef TASKMASTER_COMMON_TOKEN_TEXT_H
#define TASKMASTER_COMMON_TOKEN_TEXT_H

#include <stddef.h>

enum {
    TOKEN_LEN_MIN = 8,
    TOKEN_LEN_MAX = 256,
    TOKEN_FILE_MAX = 64 * 1024, /* bytes of the whole file */
    TOKEN_WHY_MAX = 128,        /* text on a wrong line */
};

/* The state of reading. */
struct token_text {
    char *rest;    /* the unread text; NULL at its end */
    unsigned line; /* number of the line read last, from 1 */
    char why[TOKEN_WHY_MAX];
};

/* Begins to read `text`, of `len` bytes and a NUL. The text is borrowed and overwritten during
 * reading. */
struct token_text token_text_begin(char *text, size_t len);

/* Returns the next line with more than blanks or a comment, borrowed from the text and without the
 * blanks around it; NULL at the end of the text or after a fault. */
char *token_text_line(struct token_text *reader);

/* Returns the next token, borrowed from the text, or NULL at the end of the text or at a wrong
 * line. At a wrong line, `why` describes the fault without showing any of the token; otherwise
 * `why` is empty. */
const char *token_text_next(struct token_text *reader);

#endif
