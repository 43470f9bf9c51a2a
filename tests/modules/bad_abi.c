/* bad_abi: a module of a future ABI. */
#include <taskmaster/module.h>

static int run(tm_job *job)
{
    return tm_reply(job, "", 0);
}

const tm_descriptor tm_module = {
    .abi = TM_ABI + 1, .size = sizeof(tm_descriptor), .name = "bad_abi", .run = run};
