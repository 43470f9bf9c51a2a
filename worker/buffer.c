/* buffer: see buffer.h. */
#include "buffer.h"

#include "common/log.h"

#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>

void buffer_init(struct buffer *b)
{
    void *data =
        mmap(NULL, BUFFER_KEEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED)
        fatal(EX_OSERR, "cannot map a buffer of %d bytes", BUFFER_KEEP);
    *b = (struct buffer){.data = data, .capacity = BUFFER_KEEP};
}

void buffer_destroy(struct buffer *b)
{
    munmap(b->data, b->capacity);
    *b = (struct buffer){0};
}

static void resize(struct buffer *b, size_t capacity)
{
    void *data = mremap(b->data, b->capacity, capacity, MREMAP_MAYMOVE);
    if (data == MAP_FAILED)
        fatal(EX_OSERR, "cannot resize a buffer from %zu to %zu bytes", b->capacity, capacity);
    b->data = data;
    b->capacity = capacity;
}

void buffer_reserve(struct buffer *b, size_t capacity)
{
    size_t grown = b->capacity;

    if (capacity <= b->capacity)
        return;
    while (grown < capacity) {
        if (__builtin_mul_overflow(grown, 2, &grown))
            fatal(EX_OSERR, "cannot make a buffer of %zu bytes", capacity);
    }
    resize(b, grown);
}

void buffer_append(struct buffer *b, const void *data, size_t len)
{
    size_t total;

    if (len == 0)
        return;
    if (__builtin_add_overflow(b->len, len, &total))
        fatal(EX_OSERR, "cannot add %zu bytes to a buffer of %zu", len, b->len);
    buffer_reserve(b, total);
    memcpy(b->data + b->len, data, len);
    b->len = total;
}

void buffer_trim(struct buffer *b)
{
    if (b->capacity > BUFFER_KEEP)
        resize(b, BUFFER_KEEP);
}
