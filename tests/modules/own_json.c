/* own_json: bundles a copied library; its functions are not hidden and have the names of a
 * well-known library. The module must call its own functions, whatever the worker is linked
 * with. */
#include <taskmaster/module.h>

#include <string.h>

TM_EXPORT void *json_loads(const char *text, size_t flags, void *error);
TM_EXPORT const char *json_string_value(const void *json);
TM_EXPORT void *json_loads(const char *text, size_t flags, void *error)
{
    (void)flags;
    (void)error;
    return strchr(text, ':');
}

TM_EXPORT const char *json_string_value(const void *json)
{
    return (const char *)json + 1;
}

static int run(tm_job *job)
{
    /* NOLINTNEXTLINE(clang-analyzer-core): the caller sends a colon */
    const char *value = json_string_value(json_loads(tm_job_data(job, NULL), 0, NULL));
    return tm_reply(job, value, strlen(value));
}

TM_MODULE(.name = "own_json", .version = "1.0", .run = run);
