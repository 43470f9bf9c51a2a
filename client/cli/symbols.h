/* symbols: the function, the file and the line of an address in an object. Above object_file. */
#ifndef TASKMASTER_CLIENT_CLI_SYMBOLS_H
#define TASKMASTER_CLIENT_CLI_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The objects opened so far. */
struct symbols;

struct symbols_object;

/* One function at an address. All texts belong to the object. */
struct symbols_place {
    const char *function; /* never NULL */
    const char *file;     /* as given to the compiler; NULL: unknown, like the line */
    int line;
    bool inlined; /* into the place behind it */
};

/* To be freed with symbols_free(). */
struct symbols *symbols_new(void);
void symbols_free(struct symbols *symbols);

/* Returns the object at this path, belonging to `symbols`. `build_id` is hexadecimal, or NULL. */
struct symbols_object *symbols_open(struct symbols *symbols, const char *path,
                                    const char *build_id);

/* Returns the reason if the object has no names: "is missing here"; else "". */
const char *symbols_fault(const struct symbols_object *object);

/*
 * Fills in the functions at `offset`, an address as in the object's own tables (and as for
 * addr2line(1)): first the innermost of those inlined there, then the function around them. Returns
 * their number, 0 if nothing is known.
 */
size_t symbols_find(struct symbols_object *object, uint64_t offset, struct symbols_place *places,
                    size_t max);

#endif
