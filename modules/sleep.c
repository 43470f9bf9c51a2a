/* sleep: {"ms":n,"value":v} -> v (null if not given) after n milliseconds. The example of waiting:
 * it gives up within STOP_CHECK_MS once the job is to stop. */
#include <taskmaster/module.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPECTED "expected {\"ms\":0 to 86400000,\"value\":any JSON}"

enum {
    MS_MAX = 24 * 60 * 60 * 1000,
    STOP_CHECK_MS = 10,
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Sleeps `ms` milliseconds: true, or false if the job is to stop before they are over. */
static bool sleep_stoppable(const tm_job *job, int64_t ms)
{
    int64_t end_ms = now_ms() + ms;

    for (;;) {
        int64_t left_ms = end_ms - now_ms();
        if (left_ms <= 0)
            return true;
        if (tm_should_stop(job))
            return false;
        int64_t slice_ms = left_ms < STOP_CHECK_MS ? left_ms : STOP_CHECK_MS;
        nanosleep(&(struct timespec){.tv_nsec = slice_ms * 1000000}, NULL);
    }
}

static int sleep_and_reply(tm_job *job, int64_t ms, const json_t *value)
{
    if (ms < 0 || ms > MS_MAX)
        return tm_fail(job, "bad-input", "ms is %lld, " EXPECTED, (long long)ms);
    if (!sleep_stoppable(job, ms))
        return tm_fail(job, "stopped", "stopped before %lld ms were over", (long long)ms);
    if (value == NULL)
        return tm_reply(job, "null", strlen("null"));
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text == NULL)
        return tm_fail(job, "no-memory", "no memory for the value");
    int result = tm_reply(job, text, strlen(text));
    free(text);
    return result;
}

static int run(tm_job *job)
{
    size_t len;
    const char *data = tm_job_data(job, &len);
    json_error_t error;
    json_int_t ms;
    json_t *value = NULL;
    int result;
    json_t *root = json_loadb(data, len, JSON_REJECT_DUPLICATES, &error);

    if (root == NULL)
        return tm_fail(job, "bad-input", "found \"%.40s\" (%s), " EXPECTED, data, error.text);
    if (json_unpack_ex(root, &error, JSON_STRICT, "{s:I, s?o}", "ms", &ms, "value", &value) < 0)
        result = tm_fail(job, "bad-input", "found \"%.80s\" (%s), " EXPECTED, data, error.text);
    else
        result = sleep_and_reply(job, ms, value);
    json_decref(root);
    return result;
}

static const char *describe(void)
{
    return "{\"help\":\"Replies with value after ms milliseconds.\",\"input\":"
           "{\"type\":\"object\",\"properties\":{\"ms\":{\"type\":\"integer\",\"minimum\":0,"
           "\"maximum\":86400000},\"value\":true},\"required\":[\"ms\"],"
           "\"additionalProperties\":false}}";
}

TM_MODULE(.name = "sleep", .version = "1.0", .run = run, .describe = describe);
