/*
 * loader: finds, checks and readies modules.
 *
 * A module is loaded when a job first asks for it and stays until the process ends. What cannot be
 * used is refused with one line that says what to do. A refusal is forgotten, so that a file put
 * right works with the next job; a failed init() is remembered, because a module is promised that
 * it is called once. Where the cause may be this process, a refusal says so: the job has not begun,
 * and another worker may do it.
 */
#ifndef TASKMASTER_WORKER_LOADER_H
#define TASKMASTER_WORKER_LOADER_H

#include "common/limits.h"
#include "common/wire.h"
#include "common/worker_page.h"
#include "settings.h"

#include <taskmaster/module.h>

#include <stdbool.h>

struct module {
    struct module *next;
    tm_descriptor descriptor; /* a copy, in which what an older module does not know is zero */
    char name[MODULE_NAME_MAX + 1];
    char *init_failure;        /* owned; NULL: usable */
    unsigned reach;            /* set of enum reach: what its code can change of the process */
    const struct state *state; /* what init() has changed of that; NULL: nothing */
};

struct loader;

/* Why a module was refused: one line of UTF-8 without control characters. */
struct refusal {
    char text[WIRE_TEXT_MAX];
    bool unfit; /* the cause is this process, or may be: init() has failed in it */
};

/* `settings` are borrowed for the loader's life. The process as the first loader finds it is what
 * is put back. */
struct loader *loader_new(const struct settings *settings);

/* Before a job of the module `next` begins: puts back what another one has changed of the process.
 * 0, or -1 after a report: the worker cannot go on. */
int loader_leave(struct loader *loader, const char *next);

/* What the modules that ran since can have changed of the process: a set of enum reach. */
unsigned loader_reach(const struct loader *loader);

/* The module, loaded and initialised, or NULL and why not. `name` keeps to module_name_valid(). The
 * loader owns the module. */
const struct module *loader_get(struct loader *loader, const char *name, struct refusal *refusal);

/* Loads the modules that the settings name as preload. A failure is reported and costs nothing
 * else. `shared` holds the words of the first failure, and a module's name while that module is
 * being loaded. */
void loader_preload(struct loader *loader, struct worker_shared *shared);

/* Calls each module's fini(), last loaded first, and frees the loader. The objects stay mapped:
 * threads of theirs may still run. Where it is in this is left in `shared`, for a worker that does
 * not come to its end. */
void loader_free(struct loader *loader, struct worker_shared *shared);

/* Opens the object at `path` and checks its descriptor as for a job; with `config`, its settings,
 * its init() is called as well, and then its fini(). 0 or -1. */
int loader_check(const char *path, const char *config, struct module *module,
                 struct refusal *refusal);

#endif
