/*
 * clock_shift: a preloaded shim that moves the wall clock of one process.
 *
 * CLOCK_SHIFT names a file of 8 bytes: the shift of CLOCK_REALTIME and its kin, in seconds, signed.
 * The file is mapped, so that a test can move the clock while the process runs. The other clocks
 * stay alone, as under clock_settime(2).
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t *shift;

__attribute__((constructor)) static void map_shift(void)
{
    const char *path = getenv("CLOCK_SHIFT");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED)
        shift = map;
}

static time_t shift_s(void)
{
    return shift ? __atomic_load_n(shift, __ATOMIC_RELAXED) : 0;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
    int result = (int)syscall(SYS_clock_gettime, id, ts);
    if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        ts->tv_sec += shift_s();
    return result;
}

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    int result = (int)syscall(SYS_gettimeofday, tv, tz);
    if (result == 0)
        tv->tv_sec += shift_s();
    return result;
}

time_t time(time_t *result)
{
    struct timespec ts = {.tv_sec = 0};
    clock_gettime(CLOCK_REALTIME, &ts);
    if (result)
        *result = ts.tv_sec;
    return ts.tv_sec;
}
