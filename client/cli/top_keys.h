/* top_keys: the bytes of a terminal as keys. Calls nobody. */
#ifndef TASKMASTER_CLIENT_CLI_TOP_KEYS_H
#define TASKMASTER_CLIENT_CLI_TOP_KEYS_H

#include <stddef.h>

/* A printable key is its ASCII code. */
enum top_key {
    TOP_KEY_NONE = 0, /* nothing known */
    TOP_KEY_QUIT = 3, /* Ctrl-C */
    TOP_KEY_TAB = 9,
    TOP_KEY_ENTER = 10,
    TOP_KEY_REDRAW = 12, /* Ctrl-L */
    TOP_KEY_ESCAPE = 27,
    TOP_KEY_BACKSPACE = 127,
    TOP_KEY_UP = 256,
    TOP_KEY_DOWN,
    TOP_KEY_LEFT,
    TOP_KEY_RIGHT,
    TOP_KEY_PAGE_UP,
    TOP_KEY_PAGE_DOWN,
    TOP_KEY_HOME,
    TOP_KEY_END,
    TOP_KEY_BACK_TAB,
};

/* Takes the first key of `*len` bytes, at least one, and moves both on. A lone ESC is the key of
 * this name. */
enum top_key top_keys_take(const char **bytes, size_t *len);

#endif
