/*
 * live: does what its payload says, a command a line, to show what a running job can.
 *
 *     progress FRACTION TEXT    reports progress, without a message if there is no TEXT
 *     log TEXT                  writes TEXT to the log
 *     say TEXT                  appends TEXT to the result
 *     burn MS, threads MS       uses a processor for so long, in this thread or in two others
 *     sleep MS                  waits, also after being told to stop
 *     wait                      waits until it is told to stop
 *     until REASON              waits until this is the reason of its stop
 *     reason                    appends tm_stop_reason()
 *     fail, retry MS            tm_fail(), tm_retry(), with the code `asked`
 *     crash                     dies of SIGSEGV
 *     attempt                   appends tm_job_origin() and tm_job_attempt(): "q17 2 "
 *     till N                    in a later attempt than the Nth, the job is done here
 */
#include <taskmaster/module.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LINE_MAX_BYTES = 1024,
    ENOUGH = 1, /* no further line is looked at */
};

static void rest(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

static long used_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *burn(void *ms)
{
    long end = used_ms() + *(const long *)ms;

    while (used_ms() < end)
        ;
    return NULL;
}

static void burn_in_threads(long ms)
{
    pthread_t threads[2];

    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, burn, &ms) != 0)
            abort();
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static int progress(tm_job *job, const char *text)
{
    char *message;
    double fraction = strtod(text, &message);

    if (*message == '\0')
        tm_progress(job, fraction, NULL);
    else
        tm_progress(job, fraction, "%s", message + 1);
    return 0;
}

static int say_attempt(tm_job *job)
{
    char text[128];

    snprintf(text, sizeof(text), "%.64s %u ", tm_job_origin(job), tm_job_attempt(job));
    return tm_reply(job, text, strlen(text));
}

static int work(tm_job *job, const char *command, const char *text)
{
    long ms = strtol(text, NULL, 10);

    if (strcmp(command, "progress") == 0)
        return progress(job, text);
    if (strcmp(command, "reason") == 0)
        return tm_reply(job, tm_stop_reason(job), strlen(tm_stop_reason(job)));
    if (strcmp(command, "say") == 0)
        return tm_reply(job, text, strlen(text));
    if (strcmp(command, "attempt") == 0)
        return say_attempt(job);
    if (strcmp(command, "till") == 0)
        return tm_job_attempt(job) > ms ? ENOUGH : 0;
    if (strcmp(command, "log") == 0)
        tm_log(job, TM_INFO, "%s", text);
    else if (strcmp(command, "burn") == 0)
        burn(&ms);
    else if (strcmp(command, "threads") == 0)
        burn_in_threads(ms);
    else if (strcmp(command, "sleep") == 0)
        rest(ms);
    else if (strcmp(command, "fail") == 0)
        return tm_fail(job, "asked", "as asked");
    else if (strcmp(command, "retry") == 0)
        return tm_retry(job, (uint32_t)ms, "asked", "as asked");
    else if (strcmp(command, "crash") == 0)
        raise(SIGSEGV);
    else if (strcmp(command, "until") == 0)
        while (strcmp(tm_stop_reason(job), text) != 0)
            rest(1);
    else if (strcmp(command, "wait") == 0)
        while (!tm_should_stop(job))
            rest(1);
    else
        return tm_fail(job, "bad-input", "no command %s", command);
    return 0;
}

static int run(tm_job *job)
{
    size_t len;
    const char *at = tm_job_data(job, &len), *end = at + len;
    int result = 0;

    while (at < end && result == 0) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        char line[LINE_MAX_BYTES];
        if (line_end == NULL)
            line_end = end;
        snprintf(line, sizeof(line), "%.*s", (int)(line_end - at), at);
        char *text = strchr(line, ' ');
        if (text != NULL)
            *text++ = '\0';
        result = work(job, line, text != NULL ? text : "");
        at = line_end + 1;
    }
    return result == ENOUGH ? 0 : result;
}

TM_MODULE(.name = "live", .run = run);
