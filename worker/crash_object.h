/* crash_object: the file of an address, with its build id. Async-signal-safe. */
#ifndef TASKMASTER_WORKER_CRASH_OBJECT_H
#define TASKMASTER_WORKER_CRASH_OBJECT_H

#include "common/crash_record.h"

#include <stdbool.h>
#include <stdint.h>

/* Notes the path of this program. To be called once, before any crash. */
void crash_object_init(void);

/* True if the address is in a loaded file. */
bool crash_object_is_known(uintptr_t address);

/* Turns each frame's address into an offset in its object. Addresses outside of all objects stay.
 */
void crash_object_resolve(struct crash_record *record);

#endif
