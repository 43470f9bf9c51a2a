/*
 * module_dir: the names of the files in module-dir, at most a second old.
 *
 * Clients may ask for any name. One look at the disk for each would let a flood of unknown names
 * hold up the loop. A memory of unknown names would need a bound, and a flood beyond that bound
 * would hide a new module. So the directory is read instead, at most once a second, and only while
 * jobs ask for names outside the module table. Each file is kept as a number, so clients cannot
 * make the list grow.
 */
#ifndef TASKMASTER_JOBS_MODULE_DIR_H
#define TASKMASTER_JOBS_MODULE_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module_dir {
    uint64_t *names; /* siphash() of each file's name without its .so, in their order */
    size_t count, room;
    uint64_t looked_us; /* when the directory was read last; 0: not yet */
    bool known;         /* the directory was read at least once */
};

enum module_dir_answer {
    MODULE_DIR_NONE,    /* no file has the name */
    MODULE_DIR_LISTED,  /* a file has the name, of whatever kind */
    MODULE_DIR_UNKNOWN, /* the directory could not be read, now or before */
};

void module_dir_init(struct module_dir *dir);
void module_dir_free(struct module_dir *dir);

/* The next look reads the directory, which may be another. */
void module_dir_forget(struct module_dir *dir);

/* `name`: the siphash() of a module's name. */
enum module_dir_answer module_dir_find(struct module_dir *dir, const char *path, uint64_t name,
                                       uint64_t now_us);

#endif
