/* xmalloc: allocation that cannot fail. A lack of memory ends the process, with the size in the
 * message. */
#ifndef TASKMASTER_COMMON_XMALLOC_H
#define TASKMASTER_COMMON_XMALLOC_H

#include <stddef.h>

/* Each returns memory that the caller frees with free(). */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1, 2)));
void *xrealloc(void *old, size_t size) __attribute__((returns_nonnull, alloc_size(2)));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...)
    __attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

#endif
