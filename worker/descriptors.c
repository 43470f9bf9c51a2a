/* descriptors: see descriptors.h. */
#include "descriptors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

size_t descriptors_max(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (size_t)limit.rlim_cur : SIZE_MAX;
}

static bool is_lack(int error)
{
    return error == EMFILE || error == ENFILE;
}

/* The listing has ".", ".." and its own descriptor besides. */
size_t descriptors_open(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t entries = 0;

    if (dir == NULL)
        return is_lack(errno) ? descriptors_max() : 0;
    /* cppcheck-suppress readdirCalled ; nobody else reads this stream */
    while (readdir(dir) != NULL)
        entries++;
    closedir(dir);
    return entries > 3 ? entries - 3 : 0;
}

bool descriptors_are_used_up(void)
{
    int fd = open("/", O_PATH | O_CLOEXEC);

    if (fd < 0)
        return is_lack(errno);
    close(fd);
    return false;
}
