/*
 * settings: the content of the master's WELCOME: entries NAME=VALUE, each closed by a NUL:
 *
 *     boot=k3f9  module_dir=/abs/dir
 *     preload=fib  preload=wc  config:fib={...}
 *
 * The format is not JSON, although the modules' own settings are. A JSON library linked to the
 * worker would take precedence over a module's own copy, function by function, when the loader
 * resolves the module's calls. So a worker links only the C library.
 */
#ifndef TASKMASTER_WORKER_SETTINGS_H
#define TASKMASTER_WORKER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

struct settings {
    char *text; /* owned; the other members point into it */
    size_t len;
    const char *boot;
    const char *module_dir;
};

/* Parses a copy of `text`; unknown names are skipped. Returns 0, or -1 after a report. The caller
 * frees `s` with settings_free(). */
int settings_parse(struct settings *s, const char *text, size_t len);
void settings_free(struct settings *s);

/* Returns the next module to preload after `before`, or the first for NULL; NULL after the last.
 * Borrowed from `s`, and so is `before`. */
const char *settings_preload(const struct settings *s, const char *before);

/* Returns a module's own settings as JSON text, "{}" if there are none. Borrowed from `s`. */
const char *settings_module_config(const struct settings *s, const char *module);

#endif
