/*
 * file_read: reads until the end, not to the size told by stat. So a pipe from a shell's <(...)
 * will do. FILE_REGULAR keeps the caller from waiting: opening a FIFO already waits for a writer.
 */
#include "base/file_read.h"

#include "common/read_all.h"
#include "common/xmalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_file(const char *path, enum file_kind kind, const char **why)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (kind & FILE_REGULAR ? O_NONBLOCK : 0));
    *why = NULL;
    if (fd < 0) {
        *why = strerror(errno);
        return -1;
    }
    if (fstat(fd, &st) < 0)
        *why = strerror(errno);
    else if (S_ISDIR(st.st_mode))
        *why = strerror(EISDIR);
    else if (kind & FILE_REGULAR && !S_ISREG(st.st_mode))
        *why = "expected a regular file: a running server waits for nobody who writes to it";
    else if (kind & FILE_PRIVATE && st.st_mode & (S_IROTH | S_IWOTH))
        *why = "others may read or write it, expected owner and group only: chmod o= FILE";
    if (!*why)
        return fd;
    close(fd);
    return -1;
}

static const char *too_large(size_t max)
{
    static char words[80];
    snprintf(words, sizeof words, "found more than %zu bytes, expected at most that", max);
    return words;
}

char *file_read(const char *path, size_t max, enum file_kind kind, size_t *len, const char **why)
{
    int fd = open_file(path, kind, why);
    if (fd < 0)
        return NULL;
    char *text = xmalloc(max + 1); /* one byte over max proves a longer file */
    ssize_t n = read_all(fd, text, max + 1);
    if (n < 0)
        *why = strerror(errno);
    else if ((size_t)n > max)
        *why = too_large(max);
    close(fd);
    if (*why) {
        explicit_bzero(text, max + 1); /* it may be tokens */
        free(text);
        return NULL;
    }
    text[n] = '\0';
    *len = (size_t)n;
    return text;
}
