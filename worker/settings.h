/*
 * settings: what the master's WELCOME tells a worker, NAME=VALUE each, closed by a NUL:
 *
 *     boot=k3f9  module_dir=/abs/dir  log_level=info
 *     preload=fib  preload=wc  config:fib={...}
 *
 * No JSON, although the modules' own settings are: a JSON library of the worker's would come before
 * a module's own copy of one, function by function, where the loader looks for what a module calls.
 * So a worker links the C library alone.
 */
#ifndef TASKMASTER_WORKER_SETTINGS_H
#define TASKMASTER_WORKER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

struct settings {
    char *text; /* owns all that the others point at */
    size_t len;
    const char *boot;
    const char *module_dir;
    bool debug; /* log_level is "debug" */
};

/* 0, or -1 after a report. `text` is copied; names that are not known are passed over. */
int settings_parse(struct settings *s, const char *text, size_t len);
void settings_free(struct settings *s);

/* The name of the module to preload that follows `before`, or the first one for NULL; NULL when
 * there are no more. */
const char *settings_preload(const struct settings *s, const char *before);

/* A module's own settings as JSON text, "{}" if it has none. */
const char *settings_module_config(const struct settings *s, const char *module);

#endif
