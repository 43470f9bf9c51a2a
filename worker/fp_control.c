/* fp_control: see fp_control.h. The SSE register is in the lower half of the value, the x87
 * register in the upper half. */
#include "fp_control.h"

#if defined(__x86_64__)
enum { SSE_CONTROL = 0xffc0 };

uint64_t fp_control_read(void)
{
    uint16_t x87;

    __asm__ volatile("fnstcw %0" : "=m"(x87));
    return (__builtin_ia32_stmxcsr() & SSE_CONTROL) | (uint64_t)x87 << 32;
}

void fp_control_write(uint64_t value)
{
    uint16_t x87 = (uint16_t)(value >> 32);

    __builtin_ia32_ldmxcsr((unsigned)value);
    __asm__ volatile("fnclex\n\tfldcw %0" : : "m"(x87));
}
#else
uint64_t fp_control_read(void)
{
    return 0;
}

void fp_control_write(uint64_t value)
{
    (void)value;
}
#endif
