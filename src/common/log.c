/*
 * log: formats one event as one line and offers the line to stderr once.
 *
 * The master must never wait for the reader of its log. O_NONBLOCK belongs to an open file
 * description, and stderr shares its description with the shell or service manager. So log_open()
 * opens a pipe or terminal anew, a socket gets MSG_DONTWAIT with each call, and only if neither
 * works is stderr polled before each write. Formatting uses only the stack, to be able to log a
 * lack of memory.
 */
#include "common/log.h"

#include "common/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
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

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char *const level_priorities[] = {"<7>", "<6>", "<4>", "<3>"}; /* see syslog(3) */

/* A growing line. Room for line_end() is always kept free. */
struct line {
    enum log_format format;
    size_t len;
    char text[LOG_LINE_MAX];
};

#define CUT_TEXT " cut=true"
#define CUT_JSON ",\"cut\":true"
#define ELLIPSIS "..."

enum {
    LINE_END_MAX = sizeof CUT_JSON + sizeof "}\n",
    LINE_ROOM = LOG_LINE_MAX - LINE_END_MAX,
    ELLIPSIS_LEN = sizeof ELLIPSIS - 1,
    UNIT_MAX = 10, /* an escaped character: at most two bytes (C1) as \\xNN */
};

_Static_assert(LOG_LINE_MAX <= PIPE_BUF, "a line fits into a pipe in one piece");

/* Appends all bytes, or none if there is no room. */
static bool put(struct line *line, const char *s, size_t len)
{
    if (len > LINE_ROOM - line->len)
        return false;
    memcpy(line->text + line->len, s, len);
    line->len += len;
    return true;
}

static bool put_text(struct line *line, const char *s)
{
    return put(line, s, strlen(s));
}

/* Writes `len` bytes as \xNN each; in JSON as \\xNN, because JSON has no such escape. */
static size_t escape_bytes(const char *s, size_t len, enum log_format format, char *unit)
{
    static const char hex[] = "0123456789abcdef";
    char *p = unit;
    for (size_t i = 0; i < len; i++) {
        if (format == LOG_JSON)
            *p++ = '\\';
        *p++ = '\\';
        *p++ = 'x';
        *p++ = hex[(unsigned char)s[i] >> 4];
        *p++ = hex[s[i] & 15];
    }
    return (size_t)(p - unit);
}

/* Returns the letter of a two-byte escape common to text and JSON, or 0. */
static char escape_letter(char c)
{
    switch (c) {
    case '"':
    case '\\':
        return c;
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

/* Escapes the first character of `s` into `unit`. Returns the character's length in `s`. */
static size_t escape(const char *s, size_t left, enum log_format format, char unit[UNIT_MAX],
                     size_t *unit_len)
{
    size_t len = utf8_length(s, left);
    char letter = escape_letter(s[0]);
    if (letter) {
        unit[0] = '\\';
        unit[1] = letter;
        *unit_len = 2;
    } else if (len == 0 || utf8_is_control(s, len)) {
        len = len ? len : 1;
        *unit_len = escape_bytes(s, len, format, unit);
    } else {
        memcpy(unit, s, len);
        *unit_len = len;
    }
    return len;
}

/* True if the bytes may be the beginning of an unfinished character. */
static bool is_half(const char *s, size_t left)
{
    return left < UTF8_MAX && (unsigned char)s[0] >= 0xc2 && utf8_length(s, left) == 0;
}

size_t log_value_fits(const char *s, size_t len, bool more)
{
    size_t used = 0, at = 0;
    while (at < len && !(more && is_half(s + at, len - at))) {
        char unit[UNIT_MAX];
        size_t unit_len;
        size_t n = escape(s + at, len - at, log_state.format, unit, &unit_len);
        if (used + unit_len > LOG_VALUE_MAX)
            break;
        used += unit_len;
        at += n;
    }
    return at;
}

/* Appends a value between quotes. The escaped value is cut between two characters, at LOG_VALUE_MAX
 * or at the end of the line's room. */
static bool put_quoted(struct line *line, const char *s, size_t len)
{
    size_t room = LINE_ROOM - line->len;
    if (room < 2 + UNIT_MAX + ELLIPSIS_LEN)
        return false;
    size_t budget = room - 2 < LOG_VALUE_MAX ? room - 2 : LOG_VALUE_MAX;
    put(line, "\"", 1);
    size_t start = line->len;
    size_t cut_at = start; /* the last character's end with room for the ellipsis behind it */
    for (size_t i = 0; i < len;) {
        char unit[UNIT_MAX];
        size_t unit_len;
        i += escape(s + i, len - i, line->format, unit, &unit_len);
        if (line->len - start + unit_len > budget) {
            line->len = cut_at;
            put(line, ELLIPSIS, ELLIPSIS_LEN);
            break;
        }
        put(line, unit, unit_len);
        if (line->len - start + ELLIPSIS_LEN <= budget)
            cut_at = line->len;
    }
    return put(line, "\"", 1);
}

/* True if a value needs no quotes in a text line. A value with '=' needs them: so a line splits
 * into fields at blanks, and a field at its first '='. */
static bool is_bare(const char *s, size_t len)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "._:/@+,%-[]()~#*";
    if (len == 0 || len > LOG_VALUE_MAX || (len == 1 && s[0] == '-'))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!s[i] || !strchr(safe, s[i]))
            return false;
    return true;
}

/* Appends `max` bytes, or up to the NUL if `max` is SIZE_MAX. */
static bool put_string(struct line *line, const char *s, size_t max)
{
    if (!s)
        return put_text(line, line->format == LOG_JSON ? "null" : "-");
    const size_t enough = LOG_VALUE_MAX + 1; /* one byte over the limit causes the cut */
    size_t len = max == SIZE_MAX ? strnlen(s, enough) : max < enough ? max : enough;
    if (line->format == LOG_TEXT && is_bare(s, len))
        return put(line, s, len);
    return put_quoted(line, s, len);
}

static bool put_value(struct line *line, const struct log_field *field)
{
    char number[32];
    if (field->type == LOG_TYPE_STR)
        return put_string(line, field->value.str.s, field->value.str.len);
    if (field->type == LOG_TYPE_INT)
        snprintf(number, sizeof number, "%" PRId64, field->value.i);
    else
        snprintf(number, sizeof number, "%" PRIu64, field->value.u);
    return put_text(line, number);
}

static bool is_left_out(const struct log_field *field)
{
    if (!field->optional)
        return false;
    return field->type == LOG_TYPE_STR ? !field->value.str.s : !field->value.u;
}

/* Appends a field, its value possibly cut, or nothing. */
static bool put_field(struct line *line, const struct log_field *field)
{
    size_t before = line->len;
    bool json = line->format == LOG_JSON;
    if (put_text(line, json ? ",\"" : " ") && put_text(line, field->key) &&
        put_text(line, json ? "\":" : "=") && put_value(line, field))
        return true;
    line->len = before;
    return false;
}

/* "2026-11-21T09:14:03.123Z" */
static void format_time(char out[32])
{
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t len = strftime(out, 24, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + len, 32 - len, ".%03dZ", (int)(now.tv_nsec / 1000000));
}

static void line_start(struct line *line, enum log_level level, const char *event)
{
    char time[32];
    format_time(time);
    line->format = log_state.format;
    line->len = 0;
    if (line->format == LOG_JSON) {
        put_text(line, "{\"time\":\"");
        put_text(line, time);
        put_text(line, "\",\"level\":\"");
        put_text(line, level_names[level]);
        put_text(line, "\",\"event\":\"");
        put_text(line, event);
        put_text(line, "\"");
        return;
    }
    put_text(line, log_state.journald ? level_priorities[level] : time);
    put_text(line, log_state.journald ? "" : " ");
    put_text(line, level_names[level]);
    put_text(line, " ");
    put_text(line, event);
}

/* Closes the line, in the room kept free by put(). `cut`: not all fields found room. */
static void line_end(struct line *line, bool cut)
{
    bool json = line->format == LOG_JSON;
    char *end = line->text + line->len;
    if (cut)
        end = stpcpy(end, json ? CUT_JSON : CUT_TEXT);
    if (json)
        *end++ = '}';
    *end++ = '\n';
    line->len = (size_t)(end - line->text);
}

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
static bool line_send(const struct line *line)
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

static bool report_lost(void)
{
    uint64_t lost = log_state.lost;
    if (lost == log_state.reported)
        return true;
    struct line line;
    line_start(&line, LOG_WARN, "log-lost");
    put_field(&line, &(struct log_field)LOG_UINT("lines", lost - log_state.reported));
    line_end(&line, false);
    if (!line_send(&line))
        return false;
    log_state.reported = lost;
    return true;
}

void log_emit(enum log_level level, const char *event, const struct log_field *fields)
{
    int saved_errno = errno;
    struct line line;
    bool whole = true;
    line_start(&line, level, event);
    for (; fields->type != LOG_TYPE_END && whole; fields++)
        if (!is_left_out(fields))
            whole = put_field(&line, fields);
    line_end(&line, !whole);
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

void log_open(void)
{
    struct stat st;
    if (log_state.fd != STDERR_FILENO)
        close(log_state.fd);
    log_state.fd = STDERR_FILENO;
    log_state.sink = SINK_PLAIN;
    log_state.journald = false;
    log_state.torn = false;

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

bool log_enabled(enum log_level level)
{
    return level >= log_state.level;
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
