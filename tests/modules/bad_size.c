/* bad_size: a descriptor smaller than in the first release of ABI 1. */
#include <taskmaster/module.h>

static int run(tm_job *job)
{
    return tm_reply(job, "", 0);
}

const tm_descriptor tm_module = {
    .abi = TM_ABI, .size = TM_DESCRIPTOR_SIZE_MIN - 1, .name = "bad_size", .run = run};
