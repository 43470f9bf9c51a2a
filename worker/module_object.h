/*
 * module_object: opens a module's shared object and checks it.
 *
 * A refusal of an unusable object is one line with the remedy. If its cause may be this process,
 * the refusal says so: another worker may be able to open the object.
 */
#ifndef TASKMASTER_WORKER_MODULE_OBJECT_H
#define TASKMASTER_WORKER_MODULE_OBJECT_H

#include "common/limits.h"
#include "load_error.h"
#include "refusal.h"

#include <taskmaster/module.h>

struct module {
    struct module *next;
    tm_descriptor descriptor; /* a copy; fields unknown to an older module are zero */
    char name[MODULE_NAME_MAX + 1];
    char *init_failure; /* owned; NULL: usable */
    unsigned effects;   /* set of enum effect: the parts of the process that its code can change */
    const struct process_state *state; /* the changes made by init(); NULL: none */
};

/* Opens the object at `path` and fills in name, descriptor and effects of `module`; its other
 * members become zero. Returns 0, or -1 with the reason in `refusal`. The object stays mapped after
 * a success. `origin` is the process at its start. */
int module_object_open(struct module *module, const char *path,
                       const struct load_error_origin *origin, struct refusal *refusal);

#endif
