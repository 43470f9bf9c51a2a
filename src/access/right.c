/* right: see right.h. */
#include "access/right.h"

#include <stdbool.h>
#include <string.h>

enum { RIGHT_COUNT = 6 };

/* In the order of the bits. */
static const char *const names[RIGHT_COUNT] = {
    "submit", "observe", "control", "serve", "admin", "relay",
};

const char *right_name(unsigned rights)
{
    for (size_t i = 0; i < RIGHT_COUNT; i++)
        if (rights & 1u << i)
            return names[i];
    return NULL;
}

static bool is_word(const char *word, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(word, name, len) == 0;
}

unsigned right_of_word(const char *word, size_t len)
{
    if (is_word(word, len, "all"))
        return RIGHTS_ALL;
    for (size_t i = 0; i < RIGHT_COUNT; i++)
        if (is_word(word, len, names[i]))
            return 1u << i;
    return RIGHT_NONE;
}
