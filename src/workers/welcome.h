/*
 * worker_welcome: the settings of a worker, as told by WELCOME. worker/settings.h has their form.
 *
 * A worker is told the settings in force at its start, even if a reload comes before its hello. Old
 * workers go on until a new one has become ready under the new settings, and a worker already
 * starting at the reload is an old one.
 */
#ifndef TASKMASTER_WORKERS_WELCOME_H
#define TASKMASTER_WORKERS_WELCOME_H

#include "common/log.h"
#include "jobs/module_settings.h"

#include <stddef.h>

/* A part of the text. Shared by all workers started between two reloads. */
struct worker_welcome {
    size_t refs;
    char *text; /* with NULs inside */
    size_t text_len;
};

/* The settings of all workers. The caller owns the first reference. */
struct worker_welcome *worker_welcome_new(const struct module_settings *modules, const char *boot);

/* The modules to load at the start, at least one. Likewise. */
struct worker_welcome *worker_welcome_preload(const struct option_list *list);

struct worker_welcome *worker_welcome_ref(struct worker_welcome *welcome);
void worker_welcome_unref(struct worker_welcome *welcome); /* may be NULL */

#endif
