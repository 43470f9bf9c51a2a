/*
 * first: a module as the first header of ABI 1 compiles to it: this file has the layouts of that
 * header, and does not include today's. A worker must run such a module for as long as the ABI
 * is 1.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct first_job;
struct first_host;

struct first_functions {
    size_t size;
    const char *(*data)(struct first_job *job, size_t *len);
    const char *(*id)(struct first_job *job);
    int64_t (*time_left_ms)(struct first_job *job);
    int (*reply)(struct first_job *job, const void *data, size_t len);
    int (*part)(struct first_job *job, const void *data, size_t len);
    void (*progress)(struct first_job *job, double fraction, const char *fmt, va_list args);
    void (*log)(struct first_job *job, int level, const char *fmt, va_list args);
    int (*fail)(struct first_job *job, const char *code, const char *fmt, va_list args);
    void (*host_log)(const struct first_host *host, int level, const char *fmt, va_list args);
    int (*host_fail)(const struct first_host *host, const char *fmt, va_list args);
};

struct first_job {
    const struct first_functions *functions;
    const uint64_t *stop_word;
    uint64_t stop_value;
};

struct first_host {
    const struct first_functions *functions;
};

struct first_descriptor {
    uint32_t abi;
    uint32_t size;
    const char *name;
    const char *version;
    int (*run)(struct first_job *job);
    int (*init)(const struct first_host *host, const char *config);
    void (*fini)(void);
    const char *(*describe)(void);
};

static void log_line(const struct first_host *host, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    host->functions->host_log(host, 1, fmt, args);
    va_end(args);
}

static int init(const struct first_host *host, const char *config)
{
    log_line(host, "first was told %s", config);
    return 0;
}

static int fail(struct first_job *job, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int result = job->functions->fail(job, "no-input", fmt, args);
    va_end(args);
    return result;
}

static int run(struct first_job *job)
{
    char text[128];
    size_t len;
    const char *data = job->functions->data(job, &len);
    if (len == 0)
        return fail(job, "%s", "the payload is empty");
    int stop = __atomic_load_n(job->stop_word, __ATOMIC_RELAXED) == job->stop_value;
    int n = snprintf(text, sizeof text, "%s %s %lld %d", data, job->functions->id(job),
                     (long long)job->functions->time_left_ms(job), stop);
    job->functions->part(job, text, 1);
    return job->functions->reply(job, text + 1, (size_t)n - 1);
}

extern __attribute__((visibility("default"))) const struct first_descriptor tm_module;
const struct first_descriptor tm_module = {
    .abi = 1, .size = sizeof tm_module, .name = "first", .run = run, .init = init};
