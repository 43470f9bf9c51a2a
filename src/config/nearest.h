/* nearest: the key closest to a slip of the hand. Offer all keys, one by one. */
#ifndef TASKMASTER_CONFIG_NEAREST_H
#define TASKMASTER_CONFIG_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *name;      /* the slip; NULL if it is too long for one */
    const char *key;       /* the closest one so far, or NULL */
    size_t distance;       /* keys closer than this count */
    const char *completed; /* a key that begins with `name-` */
    size_t completions;    /* their number */
};

/* `name` and all keys stay the caller's, and alive. */
void config_nearest_begin(struct nearest *nearest, const char *name);
void config_nearest_offer(struct nearest *nearest, const char *key);

/* Returns NULL if no key is close. */
const char *config_nearest_key(const struct nearest *nearest);

#endif
