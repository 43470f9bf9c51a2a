/*
 * fail_malloc: a preloaded shim to count allocations and to let some fail.
 *
 * FAIL_MALLOC_PAGE names a file of one page, shared by the sweep and the process: the sweep reads
 * the count there, and sets the first failing allocation and the number of failures. The master
 * does not pass LD_PRELOAD on, so only its own allocations fail.
 *
 * glibc only: __libc_malloc() and its kin are the functions behind the public names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct page {
    uint64_t count;    /* allocations so far */
    uint64_t fail_at;  /* the first to fail, from 1; 0: none */
    uint64_t fail_for; /* how many fail, one after the other */
    uint64_t failed;   /* how many have failed */
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static struct page *page;

__attribute__((constructor)) static void map_page(void)
{
    const char *path = getenv("FAIL_MALLOC_PAGE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED)
        page = map;
}

static bool fails(void)
{
    if (!page)
        return false;
    uint64_t n = __atomic_add_fetch(&page->count, 1, __ATOMIC_RELAXED);
    uint64_t at = __atomic_load_n(&page->fail_at, __ATOMIC_ACQUIRE);
    if (!at || n < at || n - at >= page->fail_for)
        return false;
    __atomic_add_fetch(&page->failed, 1, __ATOMIC_RELAXED);
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails() ? NULL : __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *p = memalign(alignment, size);
    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}
