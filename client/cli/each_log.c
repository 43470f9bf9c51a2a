/* each_log: see each_log.h. */
#include "each_log.h"

#include "allocate.h"
#include "complain.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char header[] =
    "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";

enum {
    FIELDS = 9,
    SIGNALS = 65, /* numbers of signals with a name are below */
};

uint64_t each_log_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- an earlier run ---- */

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The number of a whole line; 0 for a line cut off by the end of that run. */
static uint64_t number_of(const char *line, size_t len)
{
    unsigned fields = 1;
    for (size_t i = 0; i < len; i++)
        fields += line[i] == '\t';
    if (len == 0 || line[len - 1] != '\n' || fields < FIELDS)
        return 0;
    return strtoull(line, NULL, 10);
}

static void add_ended(struct each_log *log, uint64_t number)
{
    size_t count = log->ended_count;
    if ((count & (count + 1)) == 0) /* full: its capacity is a power of two, less one */
        log->ended = allocate(log->ended, (2 * count + 1) * sizeof *log->ended);
    log->ended[log->ended_count++] = number;
}

/* An empty file is a log without its header yet. A log of parallel has the same header. */
static bool has_header(FILE *file)
{
    char line[sizeof header];
    return !fgets(line, sizeof line, file) || strcmp(line, header) == 0;
}

/* Returns false if the last line is not whole. */
static bool read_ended(struct each_log *log, FILE *file)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len;
    bool whole = true;
    while ((len = getline(&line, &capacity, file)) > 0) {
        uint64_t number = number_of(line, (size_t)len);
        whole = line[len - 1] == '\n';
        if (number)
            add_ended(log, number);
    }
    free(line);
    if (log->ended_count)
        qsort(log->ended, log->ended_count, sizeof *log->ended, compare);
    return whole;
}

bool each_log_has(struct each_log *log, uint64_t number)
{
    while (log->next < log->ended_count && log->ended[log->next] < number)
        log->next++;
    return log->next < log->ended_count && log->ended[log->next] == number;
}

/* ---- writing ---- */

static void write_text(struct each_log *log, const char *text, size_t len)
{
    while (len > 0 && !log->failed) {
        ssize_t count = write(log->fd, text, len);
        if (count < 0 && errno != EINTR) {
            complain("cannot write %s: %s", log->settings->job_log, strerror(errno));
            log->failed = true;
        }
        if (count > 0) {
            text += count;
            len -= (size_t)count;
        }
    }
}

static int signal_of(const tm_client_event *event)
{
    for (int number = 1; event->signal && number < SIGNALS; number++) {
        const char *name = sigabbrev_np(number);
        if (name && strncmp(event->signal, "SIG", 3) == 0 && strcmp(event->signal + 3, name) == 0)
            return number;
    }
    return 0;
}

/* As parallel does: a newline within a command is a NUL in the log. */
static void write_command(FILE *out, const struct each_log *log, const struct each_record *record)
{
    fprintf(out, "%s ", log->settings->args[0]);
    for (size_t i = 0; i < record->len; i++)
        fputc(record->text[i] == '\n' ? '\0' : record->text[i], out);
    fputc('\n', out);
}

static void write_record(FILE *out, const struct each_log *log, const struct each_record *record)
{
    const tm_client_event *event = record->event;
    fprintf(out, "%" PRIu64 "\t%s\t%.3f\t%10.3f\t%zu\t%zu\t%d\t%d\t", record->number,
            log->settings->server, (double)record->started_us / 1e6,
            (double)(record->ended_us - record->started_us) / 1e6, record->len, event->size,
            report_exit_status(event), signal_of(event));
    write_command(out, log, record);
}

static bool has_ended(const tm_client_event *event)
{
    if (!event || event->type != TM_CLIENT_EVENT_FAILED)
        return event && event->type == TM_CLIENT_EVENT_DONE;
    return event->order >= 0 && event->reason && strcmp(event->reason, "cancelled") != 0 &&
           strcmp(event->reason, "shutdown") != 0;
}

void each_log_note(struct each_log *log, const struct each_record *record, uint64_t at)
{
    if (log->fd < 0 || !has_ended(record->event))
        return;
    struct each_log_line *line = allocate(NULL, sizeof *line);
    *line = (struct each_log_line){.at = at};
    FILE *out = open_memstream(&line->text, &line->len);
    if (!out)
        allocate_failed();
    write_record(out, log, record);
    if (fclose(out) != 0)
        allocate_failed();
    STAILQ_INSERT_TAIL(&log->held, line, next);
}

static void drop_first(struct each_log *log)
{
    struct each_log_line *line = STAILQ_FIRST(&log->held);
    STAILQ_REMOVE_HEAD(&log->held, next);
    free(line->text);
    free(line);
}

/* One write for a line: an end of the command leaves whole lines. */
void each_log_write(struct each_log *log, uint64_t written)
{
    const struct each_log_line *line;
    while ((line = STAILQ_FIRST(&log->held)) && line->at <= written) {
        write_text(log, line->text, line->len);
        drop_first(log);
    }
}

/* ---- beginning and end ---- */

static int fail(const struct each_log *log)
{
    complain("cannot open %s: %s", log->settings->job_log, strerror(errno));
    return -1;
}

/* Reads the log of the earlier run, which may not be there yet. */
static int resume(struct each_log *log, bool *whole)
{
    FILE *file = fopen(log->settings->job_log, "re");
    if (!file)
        return errno == ENOENT ? 0 : fail(log);
    bool is_log = has_header(file);
    if (is_log)
        *whole = read_ended(log, file);
    else
        complain("%s is no log of jobs: its first line is not the header of --joblog",
                 log->settings->job_log);
    fclose(file);
    return is_log ? 0 : -1;
}

int each_log_open(struct each_log *log, const struct settings *settings)
{
    bool whole = true;
    int mode = settings->resumes ? O_APPEND : O_TRUNC;
    *log = (struct each_log){.settings = settings, .fd = -1};
    STAILQ_INIT(&log->held);
    if (!settings->job_log)
        return 0;
    if (settings->resumes && resume(log, &whole) < 0)
        return -1;
    log->fd = open(settings->job_log, O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0666);
    if (log->fd < 0)
        return fail(log);
    if (!whole)
        write_text(log, "\n", 1);
    if (lseek(log->fd, 0, SEEK_END) <= 0)
        write_text(log, header, sizeof header - 1);
    return 0;
}

void each_log_close(struct each_log *log)
{
    while (!STAILQ_EMPTY(&log->held))
        drop_first(log);
    free(log->ended);
    if (log->fd >= 0)
        close(log->fd);
}
