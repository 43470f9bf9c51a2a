/* random: see random.h. */
#include "base/random.h"

#include "base/clock.h"

#include <sys/random.h>

uint64_t random_number(void)
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) < 0)
        number = clock_us();
    return number;
}
