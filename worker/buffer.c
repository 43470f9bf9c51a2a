/* buffer: see buffer.h. */
#include "buffer.h"

#include "common/log.h"

#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

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

static int resize(struct buffer *b, size_t capacity)
{
    void *data = mremap(b->data, b->capacity, capacity, MREMAP_MAYMOVE);
    if (data == MAP_FAILED)
        return -1;
    b->data = data;
    b->capacity = capacity;
    return 0;
}

/* Returns `capacity` as full pages; 0: too many bytes. */
static size_t full_pages(size_t capacity)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), sum;

    return __builtin_add_overflow(capacity, page - 1, &sum) ? 0 : sum / page * page;
}

/* Doubles the capacity, so that appending byte by byte stays cheap. Takes the least that will do if
 * there is no memory for so much. */
int buffer_reserve(struct buffer *b, size_t capacity)
{
    size_t grown = b->capacity, least = full_pages(capacity);

    if (capacity <= b->capacity)
        return 0;
    while (grown < capacity && !__builtin_mul_overflow(grown, 2, &grown))
        ;
    if (grown >= capacity && resize(b, grown) == 0)
        return 0;
    return least > 0 ? resize(b, least) : -1;
}

int buffer_append(struct buffer *b, const void *data, size_t len)
{
    size_t total;

    if (len == 0)
        return 0;
    if (__builtin_add_overflow(b->len, len, &total) || buffer_reserve(b, total) < 0)
        return -1;
    memcpy(b->data + b->len, data, len);
    b->len = total;
    return 0;
}

/* Shrinking takes no memory. */
void buffer_trim(struct buffer *b)
{
    if (b->capacity > BUFFER_KEEP && resize(b, BUFFER_KEEP) < 0)
        fatal(EX_OSERR, "cannot shrink a buffer of %zu bytes", b->capacity);
}
