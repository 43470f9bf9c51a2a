/* module_names: the names of all modules: of files, of settings, and of jobs so far. */
#ifndef TASKMASTER_STATS_MODULE_NAMES_H
#define TASKMASTER_STATS_MODULE_NAMES_H

#include "common/limits.h"
#include "jobs/module_table.h"

#include <stdbool.h>
#include <stddef.h>

struct module_name {
    char text[MODULE_NAME_MAX + 1];
    bool file; /* module-dir has a file of the name */
};

struct module_names {
    struct module_name *items; /* owned; by name, each once */
    size_t count, room;
    bool hidden; /* the directory may not be read; files in it may be used all the same */
};

/* Reads the directory. The caller frees the names. */
void module_names_collect(struct module_names *names, const struct module_table *table);
void module_names_free(struct module_names *names);

#endif
