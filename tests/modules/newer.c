/* newer: a module built with a later header of ABI 1, with a larger descriptor. */
#include <taskmaster/module.h>

#include <string.h>

static int run(tm_job *job)
{
    return tm_reply(job, "newer", strlen("newer"));
}

struct later_descriptor {
    tm_descriptor known;
    int (*added)(tm_job *job);
};

extern TM_EXPORT const struct later_descriptor tm_module_later __asm__("tm_module");
const struct later_descriptor tm_module_later = {
    .known = {.abi = TM_ABI,
              .size = sizeof(struct later_descriptor),
              .name = "newer",
              .version = "2.0",
              .run = run},
    .added = run,
};
