/*
 * module_trial: one module, loaded once, and perhaps initialised, by a worker in its checking mode.
 *
 * Loading runs the module's code. The code may crash, hang, exit or print anything: the child has
 * the descriptors of a worker and no more, and a limit of time.
 */
#ifndef TASKMASTER_STARTUP_MODULE_TRIAL_H
#define TASKMASTER_STARTUP_MODULE_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

/* The worker of the trials. */
struct module_host {
    const char *worker_path;
    const char *user; /* of its environment; NULL: unchanged */
    uint32_t timeout_ms;
};

/* Loads the module in the file `path` and prints the worker's lines about it; with `settings`, JSON
 * text, its init() and fini() are called as well. A fault not named by the worker goes to
 * stderr. Returns 0 with `loads`, or an errno if no worker can be started. */
int module_trial_run(const struct module_host *host, const char *path, const char *settings,
                     bool *loads);

#endif
