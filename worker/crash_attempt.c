/* crash_attempt: see crash_attempt.h. */
#include "crash_attempt.h"

#include <setjmp.h>
#include <signal.h>

static sigjmp_buf behind_step;
static volatile sig_atomic_t under_way, forbidden;

bool crash_attempt(void (*step)(void *arg), void *arg)
{
    if (forbidden || sigsetjmp(behind_step, 1) != 0)
        return false;
    under_way = 1;
    step(arg);
    under_way = 0;
    return true;
}

void crash_attempt_abandon(void)
{
    if (!under_way)
        return;
    under_way = 0;
    siglongjmp(behind_step, 1);
}

void crash_attempt_forbid(void)
{
    forbidden = 1;
}
