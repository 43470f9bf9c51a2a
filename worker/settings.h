/* settings: what the master's WELCOME tells a worker, a JSON object:
 *
 *     {"boot":"k3f9", "module_dir":"/abs/dir", "payload_max":16777216, "log_level":"info",
 *      "preload":["fib"], "modules":{"fib":{"config":{...}}}}
 */
#ifndef TASKMASTER_WORKER_SETTINGS_H
#define TASKMASTER_WORKER_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct settings {
    json_t *root; /* owns all that the others point at */
    const char *boot;
    const char *module_dir;
    size_t payload_max; /* bytes */
    bool debug;         /* log_level is "debug" */
    json_t *preload;    /* array of names, or NULL */
    json_t *modules;    /* object, or NULL */
};

/* 0, or -1 after a report. */
int settings_parse(struct settings *s, const char *text, size_t len);
void settings_free(struct settings *s);

/* A module's own settings as JSON text, "{}" if it has none. The caller frees it. */
char *settings_module_config(const struct settings *s, const char *module);

#endif
