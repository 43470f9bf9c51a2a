/* xmalloc: allocation that cannot fail. Without memory for its bookkeeping, a daemon has no
 * sensible way to continue. Configured limits, not a failing malloc(), bound the data of
 * clients. */
#include "common/xmalloc.h"

#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static _Noreturn void out_of_memory(size_t count, size_t size)
{
    errno = ENOMEM;
    if (count == 1)
        fatal(EX_OSERR, "cannot allocate %zu bytes", size);
    fatal(EX_OSERR, "cannot allocate %zu times %zu bytes", count, size);
}

/* malloc(0) may return NULL without a failure, against returns_nonnull: ask for 1. */
void *xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p)
        out_of_memory(1, size);
    return p;
}

void *xcalloc(size_t count, size_t size)
{
    bool empty = count == 0 || size == 0;
    void *p = empty ? calloc(1, 1) : calloc(count, size);
    if (!p)
        out_of_memory(count, size);
    return p;
}

void *xrealloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);
    if (!p)
        out_of_memory(1, size);
    return p;
}

char *xstrdup(const char *s)
{
    size_t size = strlen(s) + 1;
    return memcpy(xmalloc(size), s, size);
}

char *xasprintf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *s = NULL;
    int len = vasprintf(&s, fmt, ap);
    va_end(ap);
    if (len < 0)
        fatal(EX_OSERR, "cannot format a text from \"%s\"", fmt);
    return s;
}
