/*
 * witness: a module for the proof of the queue. It writes down each run of a job, and does as the
 * payload says.
 *
 * The payload is "TOKEN COMMAND NUMBER", then any filling. The commands: `ok`; `sleep` for so many
 * ms; `fail`; `retry` until the attempt NUMBER; `crash`; `reply` with so many bytes. A line of the
 * file `side` of the settings is "TOKEN ORIGIN ATTEMPT PID WHAT TIME", WHAT being `begin` or `end`,
 * and TIME the monotonic clock in nanoseconds: one for all nodes of a machine.
 */
#include <taskmaster/module.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int side = -1;

static int init(const tm_host *host, const char *config)
{
    char path[512];
    const char *key = strstr(config, "\"side\":\"");

    if (key == NULL || sscanf(key + strlen("\"side\":\""), "%511[^\"]", path) != 1)
        return tm_host_fail(host, "the settings name no side file");
    side = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    return side < 0 ? tm_host_fail(host, "cannot open %s", path) : 0;
}

static void write_down(tm_job *job, const char *token, const char *what)
{
    char line[256];
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    int len = snprintf(line, sizeof(line), "%s %s %u %d %s %lld\n", token, tm_job_origin(job),
                       (unsigned)tm_job_attempt(job), (int)getpid(), what,
                       (long long)now.tv_sec * 1000000000 + now.tv_nsec);

    if (write(side, line, (size_t)len) != len)
        abort();
}

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static int reply(tm_job *job, const char *token, long size)
{
    static const char piece[4096] = "";

    tm_reply(job, token, strlen(token));
    for (; size > 0; size -= (long)sizeof(piece))
        tm_reply(job, piece, size < (long)sizeof(piece) ? (size_t)size : sizeof(piece));
    return 0;
}

static int obey(tm_job *job, const char *token, const char *command, long number)
{
    if (!strcmp(command, "sleep"))
        sleep_ms(number);
    else if (!strcmp(command, "fail"))
        return tm_fail(job, "told", "told to fail");
    else if (!strcmp(command, "retry") && tm_job_attempt(job) < number)
        return tm_retry(job, 1, "again", "attempt %u", (unsigned)tm_job_attempt(job));
    else if (!strcmp(command, "crash"))
        abort();
    return reply(job, token, !strcmp(command, "reply") ? number : 0);
}

static int run(tm_job *job)
{
    char token[64] = "", command[16] = "";
    long number = 0;

    if (sscanf(tm_job_data(job, NULL), "%63s %15s %ld", token, command, &number) < 3)
        return tm_fail(job, "bad-payload", "no token, command and number");
    write_down(job, token, "begin");
    int result = obey(job, token, command, number);
    write_down(job, token, "end");
    return result;
}

TM_MODULE(.name = "witness", .version = "1.0", .run = run, .init = init);
