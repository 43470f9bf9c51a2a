/*
 * module_about: what a module's file says of itself, as a worker that has loaded the file has told.
 *
 * The texts are a worker's: any bytes, until they are checked. The last loading counts, as the file
 * may have been replaced.
 */
#ifndef TASKMASTER_JOBS_MODULE_ABOUT_H
#define TASKMASTER_JOBS_MODULE_ABOUT_H

#include <stddef.h>
#include <stdint.h>

struct module_about {
    uint64_t loaded_us; /* by a worker, the last time; 0: never */
    char *version;      /* owned; NULL: none */
    char *describe;     /* owned; NULL: none */
};

void module_about_free(struct module_about *about);

/* Keeps both texts (copied) if the loading is later than the known one. A text that is empty, or no
 * UTF-8, counts as none. */
void module_about_note(struct module_about *about, uint64_t loaded_us, const char *version,
                       const char *describe);

#endif
