/* undefined: a module calling a function of no linked library. */
#include <taskmaster/module.h>

int nobody_defines_this(void);

static int run(tm_job *job)
{
    (void)job;
    return nobody_defines_this();
}

TM_MODULE(.name = "undefined", .run = run);
