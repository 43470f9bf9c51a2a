/* worker_output: see output.h. */
#include "workers/output.h"

#include "common/wire.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    READ_MAX = 16 * 1024,
    DRAIN_MAX = 64 * 1024,
    PRIORITY_LEN = 3, /* "<4>" */
    SECOND_US = 1000000,
};

static void say_dropped(void *arg)
{
    struct worker_output *output = arg;
    if (!output->dropped)
        return;
    timer_clear(output->timers, &output->tell);
    if (log_limits_allow(output->log_limits, LOG_WARN, "worker-output-dropped", output->dropped_of))
        log_event(LOG_WARN, "worker-output-dropped", LOG_UINT("worker", output->worker->id),
                  LOG_UINT("lines", output->dropped), LOG_UINT("rate", OUTPUT_RATE_LINES),
                  LOG_STR("module", output->dropped_of));
    output->dropped = 0;
}

/* The count is logged when the second is over, or before the first line of another module. */
static void count_dropped(struct worker_output *output, const char *module)
{
    if (output->dropped && strcmp(output->dropped_of, module) != 0)
        say_dropped(output);
    if (!output->dropped++)
        timer_set(output->timers, &output->tell, output->window_us + SECOND_US);
    output->dropped_of = module;
}

static bool within_rate(struct worker_output *output, const struct job *job)
{
    if (output->timers->now_us - output->window_us >= SECOND_US) {
        say_dropped(output);
        output->window_us = output->timers->now_us;
        output->window_lines = 0;
    }
    if (output->window_lines++ < OUTPUT_RATE_LINES)
        return true;
    count_dropped(output, job ? job->asked.module->name : "-");
    return false;
}

static bool has_priority(const char *line, size_t len)
{
    return len >= PRIORITY_LEN && line[0] == '<' && line[1] >= '0' && line[1] <= '7' &&
           line[2] == '>';
}

/* In the pipe, a NUL stands for an LF within a worker's own text (worker/report.h). */
static void restore_lfs(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!text[i])
            text[i] = '\n';
}

/* Returns the level of "<4>text", and moves `text` behind the priority. */
static enum log_level level_of(char **text, size_t *len)
{
    static const enum log_level levels[] = {LOG_ERROR, LOG_ERROR, LOG_ERROR, LOG_ERROR,
                                            LOG_WARN,  LOG_INFO,  LOG_INFO,  LOG_DEBUG};
    char *t = *text;
    if (!has_priority(t, *len))
        return LOG_INFO;
    *text += PRIORITY_LEN;
    *len -= PRIORITY_LEN;
    restore_lfs(*text, *len);
    return levels[t[1] - '0'];
}

/* Returns the job in progress. The worker may be ahead of its answers: then this is the last of its
 * prefetched jobs to be begun. */
static const struct job *job_of(const struct worker_output *output)
{
    const struct job *job = output->worker->job, *next;
    TAILQ_FOREACH (next, &output->worker->prefetched, links.waiting) {
        if (!worker_claims_has_begun(output->claims, next->run.tag, next->seq))
            break;
        job = next;
    }
    return job;
}

static void log_part(struct worker_output *output, const char *text, size_t len, bool last)
{
    const struct job *on = job_of(output);
    const uint32_t part = output->parts;
    char name[JOB_TEXT_MAX];
    output->parts = last ? 0 : part + 1;
    if (on != output->worker->job)
        on = NULL; /* the line can belong to any of them */
    if (!log_enabled(output->level) || !within_rate(output, on))
        return;
    job_name(on, output->boot, name);
    log_event(output->level, "worker-output", LOG_UINT("worker", output->worker->id),
              LOG_STR("job", name), LOG_STR("client", job_client(on)),
              LOG_STR_OPT("owner", job_owner(on)), LOG_STR_OPT("origin", job_origin_id(on)),
              LOG_UINT_OPT("part", part == 0 && last ? 0 : part + 1), LOG_STRN("text", text, len));
}

/* Logs a whole line. Of an unfinished one, logs a part as long as possible and keeps the rest. */
static void log_line(struct worker_output *output, bool whole)
{
    char *text = output->line;
    size_t len = output->line_len, n;
    if (output->parts == 0) {
        output->reported = has_priority(text, len);
        output->level = level_of(&text, &len);
    } else if (output->reported) {
        restore_lfs(text, len);
    }
    do {
        n = log_value_fits(text, len, !whole);
        log_part(output, text, n, whole && n == len);
        text += n;
        len -= n;
    } while (whole && len);
    memmove(output->line, text, len);
    output->line_len = len;
}

/* The LF of the line has come. The line may have been logged already: it was ended early, or the
 * last part was all of it. */
static void end_line(struct worker_output *output)
{
    if (output->line_len || (!output->parts && !output->ended))
        log_line(output, true);
    output->parts = 0;
}

static void keep_tail(struct worker_output *output, const char *data, size_t len)
{
    char *tail = output->line + OUTPUT_LINE_MAX;
    const struct job *job = job_of(output);
    if (job && job->seq != output->tail_job) {
        output->tail_job = job->seq;
        output->tail_len = 0;
    }
    if (len >= OUTPUT_TAIL_MAX) {
        memcpy(tail, data + len - OUTPUT_TAIL_MAX, OUTPUT_TAIL_MAX);
        output->tail_len = OUTPUT_TAIL_MAX;
        return;
    }
    size_t keep = OUTPUT_TAIL_MAX - len;
    if (output->tail_len > keep) {
        memmove(tail, tail + output->tail_len - keep, keep);
        output->tail_len = keep;
    }
    memcpy(tail + output->tail_len, data, len);
    output->tail_len += len;
}

static void take(struct worker_output *output, const char *data, size_t len)
{
    if (!output->line)
        output->line = xmalloc(OUTPUT_LINE_MAX + OUTPUT_TAIL_MAX);
    worker_printed(output->worker, job_of(output), output->timers->now_us);
    keep_tail(output, data, len);
    while (len) {
        const char *lf = memchr(data, '\n', len);
        size_t n = lf ? (size_t)(lf - data) : len;
        size_t room = OUTPUT_LINE_MAX - output->line_len;
        if (n > room) {
            n = room;
            lf = NULL;
        }
        memcpy(output->line + output->line_len, data, n);
        output->line_len += n;
        data += n + (lf != NULL);
        len -= n + (lf != NULL);
        if (lf)
            end_line(output);
        else if (output->line_len == OUTPUT_LINE_MAX)
            log_line(output, false);
        output->ended = false;
    }
}

static void unwatch(struct worker_output *output)
{
    if (output->watched)
        event_del(&output->event);
    output->watched = false;
}

/* Replaces each mark by a line's end, or by nothing where a line has ended already. Works in place
 * and returns the new length. */
static size_t end_lines_at_marks(struct worker_output *output, char *data, size_t len)
{
    const char *mark = memchr(data, WIRE_MARK, len);
    size_t kept = mark ? (size_t)(mark - data) : len;
    for (size_t i = kept; i < len; i++) {
        bool mid_line = kept ? data[kept - 1] != '\n' : output->mid_line;
        if (data[i] != WIRE_MARK)
            data[kept++] = data[i];
        else if (mid_line)
            data[kept++] = '\n';
    }
    if (kept)
        output->mid_line = data[kept - 1] != '\n';
    return kept;
}

/* Returns false if there is no more for now, or ever. */
static bool read_some(struct worker_output *output, size_t *total)
{
    char data[READ_MAX];
    ssize_t n = read(output->fd, data, sizeof data);
    if (n == 0)
        unwatch(output);
    if (n <= 0)
        return false;
    take(output, data, end_lines_at_marks(output, data, (size_t)n));
    *total += (size_t)n;
    return n == READ_MAX;
}

void worker_output_drain(struct worker_output *output)
{
    size_t total = 0;
    while (output->watched && total < DRAIN_MAX && read_some(output, &total))
        ;
}

static void on_output(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    worker_output_drain(arg);
}

int worker_output_open(struct worker_output *output, struct event_base *base, struct timers *timers,
                       const struct worker_process *process, const char *boot,
                       struct worker *worker, struct log_limits *log_limits)
{
    *output = (struct worker_output){.timers = timers,
                                     .fd = process->output_fd,
                                     .claims = &process->claims,
                                     .worker = worker,
                                     .boot = boot,
                                     .log_limits = log_limits};
    timer_init(&output->tell, say_dropped, output);
    if (event_assign(&output->event, base, output->fd, EV_READ | EV_PERSIST, on_output, output) <
            0 ||
        event_add(&output->event, NULL) < 0)
        return -1;
    output->watched = true;
    return 0;
}

/* Skips the first line of a full tail: its beginning is lost. The only line is kept. */
static const char *first_line(const char *tail, size_t len)
{
    const char *lf = len == OUTPUT_TAIL_MAX ? memchr(tail, '\n', len - 1) : NULL;
    return lf ? lf + 1 : tail;
}

size_t worker_output_tail(const struct worker_output *output, char text[OUTPUT_TAIL_MAX])
{
    size_t len = 0;
    if (!output->line || !output->worker->job || output->worker->job->seq != output->tail_job)
        return 0;
    const char *tail = output->line + OUTPUT_LINE_MAX, *end = tail + output->tail_len;
    const char *next;
    for (const char *at = first_line(tail, output->tail_len); at < end; at = next) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        next = lf ? lf + 1 : end;
        size_t skip = has_priority(at, (size_t)(next - at)) ? PRIORITY_LEN : 0, n;
        n = (size_t)(next - at) - skip;
        memcpy(text + len, at + skip, n);
        if (skip)
            restore_lfs(text + len, n);
        len += n;
    }
    return len;
}

void worker_output_end_line(struct worker_output *output)
{
    if (!output->line_len && !output->parts)
        return;
    end_line(output);
    output->ended = true;
}

void worker_output_close(struct worker_output *output)
{
    unwatch(output);
    worker_output_end_line(output);
    say_dropped(output);
    free(output->line);
    output->line = NULL;
}
