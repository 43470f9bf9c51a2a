/*
 * option: a row of a table of settings, and the values that are larger than a number.
 *
 * Each part of a program declares its settings beside itself, in settings.[ch] of its folder: a
 * struct with a member for each, and a table with a row for each. The engine (src/config) reads the
 * rows. A part needs nothing of the engine.
 */
#ifndef TASKMASTER_BASE_OPTION_H
#define TASKMASTER_BASE_OPTION_H

#include <stddef.h>

/* A list of texts. Owns them. */
struct option_list {
    char **items;
    size_t count;
};

/* Entries of an object whose keys are names: structs of one type, each with its name, a char *, as
 * first member, sorted by name. Owns them. */
struct option_entries {
    void *items;
    size_t count;
};

#endif
