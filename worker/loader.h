/*
 * loader: loads modules, calls their init() and fini(), and sets the process up for their jobs.
 *
 * A module is loaded for its first job and stays until the process ends. The loader forgets a
 * refusal, so that a mended file works with the next job; but a failed init() is remembered,
 * because a module is promised at most one call. A refusal says if its cause may be this process:
 * the job has not begun then, and another worker may do it.
 */
#ifndef TASKMASTER_WORKER_LOADER_H
#define TASKMASTER_WORKER_LOADER_H

#include "common/worker_page.h"
#include "module_object.h"
#include "refusal.h"
#include "settings.h"

#include <stddef.h>

struct loader;

/* `settings` and `shared` are borrowed until loader_free(). `shared` shows the loaded modules from
 * now on. The first call records the state of the process for loader_leave(). */
struct loader *loader_new(const struct settings *settings, struct worker_shared *shared);

/* To be called before a job of the module `next` is claimed: undoes the changes of another module.
 * Returns 0, or -1 after a report: the worker cannot continue. */
int loader_leave(struct loader *loader, const char *next);

/* The parts of the process that may have been changed since the last loader_leave(): a set of enum
 * effect. */
unsigned loader_effects(const struct loader *loader);

/* Returns the name of the module of the last job, "-" without one. Borrowed. */
const char *loader_current(const struct loader *loader);

/* Returns how many descriptors were open at the start, or were opened by loading modules and by
 * their init(). */
size_t loader_descriptors(const struct loader *loader);

/* Returns the signal mask to that of the module after its init(). Does nothing if the module cannot
 * have changed the mask. */
void loader_reset_mask(const struct loader *loader);

/* Returns the module, loaded and initialised and owned by the loader, or NULL with the reason in
 * `refusal`. `name` must pass module_name_valid(). */
const struct module *loader_get(struct loader *loader, const char *name, struct refusal *refusal);

/* Loads the modules named as preload in the settings. A failure is reported and has no other
 * effect. `shared` gets the text of the first failure, and holds a module's name while that module
 * is loading. */
void loader_preload(struct loader *loader, struct worker_shared *shared);

/* Calls each module's fini(), last loaded first, and frees the loader. The objects stay mapped,
 * because their threads may still run. `shared` shows the progress, for the case of a worker stuck
 * or crashed here. */
void loader_free(struct loader *loader, struct worker_shared *shared);

/* Opens the object at `path` and checks its descriptor as for a job. Unless `config` is NULL,
 * init() is called with these settings (JSON text), and then fini(). Returns 0, or -1 with the
 * reason in `refusal`. */
int loader_check(const char *path, const char *config, struct module *module,
                 struct refusal *refusal);

#endif
