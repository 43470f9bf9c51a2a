/* measure: see measure.h. */
#include "measure.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { STATM_MAX = 128 }; /* bytes of /proc/self/statm */

static uint64_t microseconds(const struct timeval *time)
{
    return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

static uint64_t cpu_us_of(int who)
{
    struct rusage usage;

    if (getrusage(who, &usage) < 0)
        return 0;
    return microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime);
}

uint64_t measure_cpu_us(void)
{
    return cpu_us_of(RUSAGE_SELF) + cpu_us_of(RUSAGE_CHILDREN);
}

uint64_t measure_rss(void)
{
    char text[STATM_MAX], *end = text;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    (void)strtoull(text, &end, 10); /* the whole size; resident pages come second */
    return strtoull(end, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}
