/* boot_id: see boot_id.h. */
#include "base/boot_id.h"

#include "common/log.h"

#include <stdint.h>
#include <sys/random.h>
#include <sysexits.h>
#include <time.h>

void boot_id_make(char boot[BOOT_ID_MAX])
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    struct timespec ts;
    uint16_t drawn;
    clock_gettime(CLOCK_REALTIME, &ts);
    uint64_t ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
    if (getrandom(&drawn, sizeof drawn, 0) != (ssize_t)sizeof drawn)
        fatal(EX_OSERR, "cannot draw random bytes");
    size_t n = 0;
    for (; ms && n < BOOT_ID_MAX - 3; ms /= 36)
        boot[n++] = digits[ms % 36];
    boot[n++] = digits[drawn % 36];
    boot[n++] = digits[drawn / 36 % 36];
    boot[n] = '\0';
}
