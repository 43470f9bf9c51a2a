/* probe: shows a test a module's view. The payload names the thing to show; fini() writes to the
 * log. */
#include <taskmaster/module.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char own_config[256];
static int inits;

static int init(const tm_host *host, const char *config)
{
    inits++;
    snprintf(own_config, sizeof(own_config), "%s", config);
    tm_host_log(host, TM_WARNING, "probe begins with %s", config);
    return 0;
}

static void fini(void)
{
    puts("probe ends");
}

static int reply_text(tm_job *job, const char *text)
{
    return tm_reply(job, text, strlen(text));
}

static int log_lines(tm_job *job)
{
    printf("printed, no newline");
    tm_log(job, TM_DEBUG, "a debug line");
    tm_log(job, TM_INFO, "two\nlines\x1b[31m");
    printf("printed last\n");
    tm_log(job, TM_ERROR, "%02000d", 7);
    return 0;
}

/* Logs between the pieces of a printed line, at the beginning of a line, and after an empty
 * line. */
static int log_within_a_line(tm_job *job)
{
    fputs("abc", stderr);
    tm_log(job, TM_WARNING, "hello");
    fputs("def", stderr);
    tm_log(job, TM_ERROR, "again");
    tm_log(job, TM_INFO, "at the beginning");
    fputs("\n", stderr);
    return 0;
}

/* Keeps the processor busy for `ms` milliseconds. */
static int spin(int ms)
{
    clock_t end = clock() + (clock_t)ms * (CLOCKS_PER_SEC / 1000);

    while (clock() < end)
        ;
    return 0;
}

static int run(tm_job *job)
{
    char text[64];
    const char *data = tm_job_data(job, NULL);

    if (strncmp(data, "spin ", 5) == 0)
        return spin(atoi(data + 5));
    if (strcmp(data, "config") == 0)
        return reply_text(job, own_config);
    if (strcmp(data, "id") == 0)
        return reply_text(job, tm_job_id(job));
    if (strcmp(data, "origin") == 0) {
        snprintf(text, sizeof(text), "%.50s %u", tm_job_origin(job), tm_job_attempt(job));
        return reply_text(job, text);
    }
    if (strcmp(data, "log") == 0)
        return log_lines(job);
    if (strcmp(data, "log within a line") == 0)
        return log_within_a_line(job);
    if (strcmp(data, "inits") == 0)
        snprintf(text, sizeof(text), "%d", inits);
    else
        snprintf(text, sizeof(text), "%lld", (long long)tm_job_time_left_ms(job));
    return reply_text(job, text);
}

TM_MODULE(.name = "probe", .version = "1.0", .init = init, .run = run, .fini = fini);
