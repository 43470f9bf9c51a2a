/*
 * fib: n -> the n-th Fibonacci number, in decimal, with fib(0) = 0 and fib(1) = 1.
 *
 * The slow recursive way is chosen on purpose, as an example of work keeping a processor busy, and
 * of stopping such work.
 */
#include <taskmaster/module.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    N_MAX = 90,       /* fib(90) fits into 64 bits; the time to get there does not fit into a day */
    STOP_CHECK_N = 20 /* work between two looks at the stop flag: some microseconds */
};

static uint64_t fib(int n)
{
    return n < 2 ? (uint64_t)n : fib(n - 1) + fib(n - 2);
}

/* Like fib(), but returns early, with a meaningless value, once the job must stop. */
static uint64_t fib_stoppable(const tm_job *job, int n)
{
    if (n <= STOP_CHECK_N)
        return fib(n);
    if (tm_should_stop(job))
        return 0;
    return fib_stoppable(job, n - 1) + fib_stoppable(job, n - 2);
}

/* Digits only, no sign, no leading zero; one newline may follow, as `echo 30 |` sends it. */
static bool parse_n(const char *data, size_t len, int *n)
{
    if (len > 0 && data[len - 1] == '\n')
        len--;
    if (len < 1 || len > 2 || strspn(data, "0123456789") < len || (len == 2 && data[0] == '0'))
        return false;
    *n = len == 1 ? data[0] - '0' : (data[0] - '0') * 10 + (data[1] - '0');
    return *n <= N_MAX;
}

static int run(tm_job *job)
{
    char text[24];
    size_t len;
    int n;
    const char *data = tm_job_data(job, &len);

    if (!parse_n(data, len, &n))
        return tm_fail(job, "bad-input",
                       "found \"%.40s\" (%zu bytes), expected a whole number from 0 to %d", data,
                       len, N_MAX);
    uint64_t value = fib_stoppable(job, n);
    if (tm_should_stop(job))
        return tm_fail(job, "stopped", "stopped before fib(%d) was known", n);
    int text_len = snprintf(text, sizeof(text), "%" PRIu64, value);
    return tm_reply(job, text, (size_t)text_len);
}

static const char *describe(void)
{
    return "{\"help\":\"n -> the n-th Fibonacci number, the slow recursive way.\","
           "\"input\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":90}}";
}

TM_MODULE(.name = "fib", .version = "1.0", .run = run, .describe = describe);
