/* sum: see sum.h. */
#include "base/sum.h"

#include "base/sip.h"

#include <endian.h>
#include <string.h>

enum { WORD = 8 };

void sum_begin(struct sum *sum)
{
    static const uint64_t key[2] = {0x7461736b6d617374u, 0x65722073746f7265u};
    *sum = (struct sum){0};
    sip_begin(sum->state, key);
}

/* Adds the lower `n` bytes of the word; the others are zero. */
static inline void add(struct sum *sum, uint64_t word, unsigned n)
{
    unsigned at = sum->size % WORD;
    sum->size += n;
    sum->rest |= word << (8 * at);
    if (at + n < WORD)
        return;
    sip_word(sum->state, sum->rest);
    sum->rest = at ? word >> (8 * (WORD - at)) : 0;
}

void sum_bytes(struct sum *sum, const void *bytes, size_t size)
{
    struct sum local = *sum; /* in registers, as no byte can be a part of it */
    const unsigned char *at = bytes;
    uint64_t word;
    for (; size >= WORD; at += WORD, size -= WORD) {
        memcpy(&word, at, WORD);
        add(&local, le64toh(word), WORD);
    }
    word = 0;
    if (size) {
        memcpy(&word, at, size);
        add(&local, le64toh(word), (unsigned)size);
    }
    *sum = local;
}

void sum_number(struct sum *sum, uint64_t number)
{
    add(sum, number, WORD);
}

uint64_t sum_end(struct sum *sum)
{
    sip_word(sum->state, sum->rest | sum->size << 56);
    return sip_end(sum->state);
}
