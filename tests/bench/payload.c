/* payload: see payload.h. */
#include "payload.h"

#include "common/xmalloc.h"

#include <string.h>

enum {
    SHIFTS = 251
}; /* consecutive jobs begin at different places of the pattern; so many places */

static char *pattern;
static size_t payload_len;

void payload_setup(size_t size)
{
    if (size < PAYLOAD_MIN || size > PAYLOAD_MAX)
        die("a payload of %zu bytes, expected %d to %d", size, PAYLOAD_MIN, PAYLOAD_MAX);
    payload_len = size;
    pattern = xmalloc(size + SHIFTS);
    uint32_t state = 1;
    for (size_t i = 0; i < size + SHIFTS; i++) {
        state = state * 1664525 + 1013904223;
        pattern[i] = (char)(state >> 24);
    }
}

size_t payload_size(void)
{
    return payload_len;
}

void payload_put(struct stream *stream, uint64_t number)
{
    stream_put(stream, &number, sizeof number);
    stream_put(stream, pattern + number % SHIFTS, payload_len - sizeof number);
}

uint64_t payload_check(const char *data, size_t size)
{
    uint64_t number;
    if (size != payload_len)
        die("a result of %zu bytes, expected %zu", size, payload_len);
    memcpy(&number, data, sizeof number);
    if (memcmp(data + sizeof number, pattern + number % SHIFTS, size - sizeof number))
        die("a result with another payload than its job, by its number %llu",
            (unsigned long long)number);
    return number;
}
