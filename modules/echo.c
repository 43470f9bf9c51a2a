/* echo: replies with its payload, byte for byte. The smallest module there can be. */
#include <taskmaster/module.h>

static int run(tm_job *job)
{
    size_t len;
    const char *data = tm_job_data(job, &len);

    return tm_reply(job, data, len);
}

static const char *describe(void)
{
    return "{\"help\":\"Replies with its payload.\",\"input\":true}";
}

TM_MODULE(.name = "echo", .version = "1.0", .run = run, .describe = describe);
