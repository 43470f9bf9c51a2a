/*
 * file_read: reads until the end rather than to the size that stat tells, so that a pipe from a
 * shell's <(...) will do.
 */
#include "file_read.h"

#include "common/xmalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

/* Up to `size` bytes, or -1. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
    size_t len = 0;
    while (len < size) {
        ssize_t n = read(fd, buf + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

char *file_read(const char *path, size_t max, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return NULL;
    char *text = xmalloc(max + 1); /* one byte over max tells that there is more */
    ssize_t n = read_all(fd, text, max + 1);
    int error = n < 0 ? errno : EFBIG;
    close(fd);
    if (n < 0 || (size_t)n > max) {
        free(text);
        errno = error;
        return NULL;
    }
    text[n] = '\0';
    *len = (size_t)n;
    return text;
}
