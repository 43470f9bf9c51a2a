/* undefined: a module that was not linked with what it calls. */
#include <taskmaster/module.h>

int nobody_defines_this(void);

static int run(tm_job *job)
{
    (void)job;
    return nobody_defines_this();
}

TM_MODULE(.name = "undefined", .run = run);
