/* digits: integers as decimal text. Inline: there are several in each event, and printf() would
 * take most of an event's time. */
#ifndef TASKMASTER_COMMON_DIGITS_H
#define TASKMASTER_COMMON_DIGITS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline size_t digits_count(uint64_t value)
{
    size_t count = 1;
    for (; value >= 10000; value /= 10000)
        count += 4;
    return count + (value >= 10) + (value >= 100) + (value >= 1000);
}

/* Writes the value's digits, `count` of them, without a NUL. Two digits a step: divisions are most
 * of the work. */
static inline void digits_write(char *at, size_t count, uint64_t value)
{
    static const char pairs[] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    for (; value >= 100; value /= 100)
        memcpy(at + (count -= 2), pairs + value % 100 * 2, 2);
    if (value >= 10)
        memcpy(at, pairs + value * 2, 2);
    else
        *at = (char)('0' + value);
}

#endif
