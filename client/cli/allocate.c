/* allocate: see allocate.h. */
#include "allocate.h"

#include "complain.h"
#include "exit_status.h"

#include <stdlib.h>

void allocate_failed(void)
{
    complain("out of memory");
    exit(EXIT_JOB_FAILED);
}

void *allocate(void *old, size_t size)
{
    void *new = realloc(old, size);
    if (!new &&size > 0)
        allocate_failed();
    return new;
}
