/*
 * log: see log.h. Each line is offered to the log's descriptor once.
 *
 * The master must never wait for the reader of its log. O_NONBLOCK belongs to an open file
 * description, and stderr shares its description with the shell or service manager. So log_open()
 * opens a pipe or terminal anew, a socket gets MSG_DONTWAIT with each call, and only if neither
 * works is stderr polled before each write. log_line.c formats a line on the stack: so even a lack
 * of memory can be logged.
 */
#include "common/log.h"

#include "common/log_line.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The way of writing a line. */
enum sink {
    SINK_PLAIN,  /* write(2): before log_open(), to a regular file, or to our own description */
    SINK_SOCKET, /* send(2) with MSG_DONTWAIT */
    SINK_POLLED, /* poll(2), then write(2): any room is enough for a line */
};

static struct {
    enum log_level level;
    enum log_format format;
    enum sink sink;
    int fd;
    bool journald;     /* text lines start with <N> */
    bool torn;         /* the last line was written in part: end it before the next */
    uint64_t lost;     /* since the start */
    uint64_t reported; /* lines of these reported by log-lost */
} log_state = {.level = LOG_INFO, .fd = STDERR_FILENO};

/* True if the descriptor takes a line without waiting. */
static bool writable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT);
}

static ssize_t sink_write(const char *s, size_t len)
{
    ssize_t n;
    if (log_state.sink == SINK_POLLED && !writable(log_state.fd))
        return -1;
    do {
        if (log_state.sink == SINK_SOCKET)
            n = send(log_state.fd, s, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        else
            n = write(log_state.fd, s, len);
    } while (n < 0 && errno == EINTR);
    return n;
}

/* Offers a line to the sink, once. A pipe takes all or nothing. If a part was written (disk full, a
 * terminal), the rest of the line is given up, and the next line begins with an LF. */
static bool line_send(const struct log_line *line)
{
    if (log_state.torn) {
        if (sink_write("\n", 1) != 1)
            return false;
        log_state.torn = false;
    }
    ssize_t n = sink_write(line->text, line->len);
    log_state.torn = n > 0 && (size_t)n < line->len;
    return n == (ssize_t)line->len;
}

static void line_start(struct log_line *line, enum log_level level, const char *event)
{
    log_line_begin(line, log_state.format,
                   log_state.journald ? LOG_PREFIX_PRIORITY : LOG_PREFIX_TIME, level, event);
}

static bool report_lost(void)
{
    uint64_t lost = log_state.lost;
    if (lost == log_state.reported)
        return true;
    struct log_line line;
    line_start(&line, LOG_WARN, "log-lost");
    log_line_add(&line, &(struct log_field)LOG_UINT("lines", lost - log_state.reported));
    log_line_end(&line, false);
    if (!line_send(&line))
        return false;
    log_state.reported = lost;
    return true;
}

void log_emit(enum log_level level, const char *event, const struct log_field *fields)
{
    int saved_errno = errno;
    struct log_line line;
    bool whole = true;
    line_start(&line, level, event);
    for (; fields->type != LOG_TYPE_END && whole; fields++)
        whole = log_line_add(&line, fields);
    log_line_end(&line, !whole);
    if (!report_lost() || !line_send(&line))
        log_state.lost++;
    errno = saved_errno;
}

/* JOURNAL_STREAM=DEVICE:INODE names journald's socket. A process inherits the variable even if its
 * stderr is another file by now, hence the comparison (systemd.exec(5)). */
static bool is_journald(const struct stat *st)
{
    const char *text = getenv("JOURNAL_STREAM");
    char *end;
    if (!text || strtoumax(text, &end, 10) != st->st_dev || *end != ':')
        return false;
    return strtoumax(end + 1, &end, 10) == st->st_ino && *end == '\0';
}

/* Opens the file of stderr again, for an open file description of our own. */
static int reopen_stderr(void)
{
    return open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_APPEND | O_NOCTTY | O_CLOEXEC);
}

/* The next line is written to `fd`, by write(2). */
static void change_descriptor(int fd)
{
    if (log_state.fd != STDERR_FILENO)
        close(log_state.fd);
    log_state.fd = fd;
    log_state.sink = SINK_PLAIN;
    log_state.journald = false;
    log_state.torn = false;
}

void log_use(int fd)
{
    change_descriptor(fd);
}

size_t log_descriptors(void)
{
    return log_state.fd != STDERR_FILENO;
}

void log_open(void)
{
    struct stat st;
    change_descriptor(STDERR_FILENO);

    tzset(); /* allocates memory in its first call; gmtime_r() calls it */
    if (fstat(STDERR_FILENO, &st) < 0 || S_ISREG(st.st_mode))
        return;
    if (S_ISSOCK(st.st_mode)) {
        log_state.sink = SINK_SOCKET;
        log_state.journald = is_journald(&st);
        return;
    }
    int fd = reopen_stderr();
    if (fd < 0)
        log_state.sink = SINK_POLLED;
    else
        log_state.fd = fd;
}

void log_configure(enum log_level level, enum log_format format)
{
    log_state.level = level;
    log_state.format = format;
}

enum log_level log_change_level(enum log_level level)
{
    enum log_level before = log_state.level;
    log_state.level = level;
    return before;
}

bool log_enabled(enum log_level level)
{
    return level >= log_state.level;
}

size_t log_value_fits(const char *s, size_t len, bool more)
{
    return log_line_value_fits(log_state.format, s, len, more);
}

uint64_t log_lost(void)
{
    return log_state.lost;
}

void fatal(int status, const char *fmt, ...)
{
    int error = errno;
    char message[LOG_VALUE_MAX];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    if (error && n >= 0 && (size_t)n < sizeof message) {
        size_t len = (size_t)n;
        snprintf(message + len, sizeof message - len, ": %s", strerror(error));
    }
    log_emit(LOG_ERROR, "fatal",
             (struct log_field[]){
                 LOG_INT("status", status), LOG_STR("message", message), {.type = LOG_TYPE_END}});
    exit(status);
}

void log_bug(const char *file, int line, const char *what)
{
    log_emit(LOG_ERROR, "bug",
             (struct log_field[]){LOG_STR("file", file),
                                  LOG_INT("line", line),
                                  LOG_STR("check", what),
                                  {.type = LOG_TYPE_END}});
    abort();
}
