/* loaded: tells the master of the modules loaded in this process, in the shared memory. */
#ifndef TASKMASTER_WORKER_LOADED_H
#define TASKMASTER_WORKER_LOADED_H

#include "common/worker_page.h"
#include "module_object.h"

/* Calls the module's describe(), and writes down name, version and the text. A text without room is
 * left out, and so is a module beyond the last place. */
void loaded_note(struct worker_shared *shared, const struct module *module);

#endif
