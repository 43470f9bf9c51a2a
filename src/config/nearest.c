/* nearest: see nearest.h. */
#include "config/nearest.h"

#include <string.h>

enum { KEY_MAX = 32 }; /* a longer text is no slip of any key */

/* Levenshtein's distance of two texts of at most KEY_MAX bytes: the least number of bytes to
 * insert, remove or replace. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[KEY_MAX + 1];
    size_t b_len = strlen(b);
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b_len; j++) {
            size_t best = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (diagonal + 1 < best)
                best = diagonal + 1;
            row[j + 1] = best;
        }
    }
    return row[b_len];
}

void config_nearest_begin(struct nearest *nearest, const char *name)
{
    size_t len = strnlen(name, KEY_MAX + 1);
    *nearest = (struct nearest){
        .name = len <= KEY_MAX ? name : NULL,
        .distance = len / 3 + 1, /* with a third of it wrong, another text was meant */
    };
}

/* timeout-ms for timeout. */
static void offer_completion(struct nearest *nearest, const char *key)
{
    size_t len = strlen(nearest->name);
    if (len == 0 || strncmp(key, nearest->name, len) != 0 || key[len] != '-')
        return;
    nearest->completed = key;
    nearest->completions++;
}

void config_nearest_offer(struct nearest *nearest, const char *key)
{
    if (!nearest->name)
        return;
    size_t distance = edit_distance(nearest->name, key);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->key = key;
    }
    offer_completion(nearest, key);
}

const char *config_nearest_key(const struct nearest *nearest)
{
    if (nearest->key)
        return nearest->key;
    return nearest->completions == 1 ? nearest->completed : NULL;
}
