/*
 * log: one line per event on stderr, never blocking.
 *
 * A line is a stable event name (lower-case words joined by hyphens) and typed fields:
 *
 *     log_event(LOG_WARN, "worker-lost", LOG_UINT("worker", w->id), LOG_STR("signal", "SIGSEGV"));
 *
 *     text   2026-11-21T09:14:03.123Z warn worker-lost worker=3 signal=SIGSEGV
 *     json
 * {"time":"2026-11-21T09:14:03.123Z","level":"warn","event":"worker-lost","worker":3,"signal":"SIGSEGV"}
 *
 * Strings may hold anything: they are escaped (controls and broken UTF-8 as \xNN), and cut to
 * LOG_VALUE_MAX bytes, "..." at their end. A line is at most LOG_LINE_MAX bytes, so that it fits
 * into a pipe in one piece; fields that find no room give way to cut=true. Under journald (stderr
 * is the socket that JOURNAL_STREAM names) each text line starts with <N>, its syslog priority, and
 * has no time. A line that stderr does not take at once is dropped and counted; the next one that
 * gets through is preceded by `log-lost lines=N`. errno is preserved.
 *
 * A process that logs ignores SIGPIPE and SIGXFSZ: write(2) has no flag like send(2)'s
 * MSG_NOSIGNAL, and a log that has no reader any more or is as long as it may be must cost lines,
 * not the process. For one thread only.
 */
#ifndef TASKMASTER_COMMON_LOG_H
#define TASKMASTER_COMMON_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
    LOG_DEBUG,
    LOG_INFO,
    LOG_WARN,
    LOG_ERROR,
};

enum log_format {
    LOG_TEXT,
    LOG_JSON,
};

enum {
    LOG_VALUE_MAX = 1024,
    LOG_LINE_MAX = 4096,
};

enum log_type {
    LOG_TYPE_END,
    LOG_TYPE_INT,
    LOG_TYPE_UINT,
    LOG_TYPE_STR,
};

struct log_field {
    enum log_type type;
    const char *key;
    union {
        int64_t i;
        uint64_t u;
        struct {
            const char *s; /* borrowed; NULL is logged as -, in JSON as null */
            size_t len;
        } str;
    } value;
};

#define LOG_INT(k, v)                                             \
    {                                                             \
        .type = LOG_TYPE_INT, .key = (k), .value.i = (int64_t)(v) \
    }
#define LOG_UINT(k, v)                                              \
    {                                                               \
        .type = LOG_TYPE_UINT, .key = (k), .value.u = (uint64_t)(v) \
    }
#define LOG_STR(k, v)                                                   \
    {                                                                   \
        .type = LOG_TYPE_STR, .key = (k), .value.str = {(v), SIZE_MAX } \
    }
#define LOG_STRN(k, v, n)                                          \
    {                                                              \
        .type = LOG_TYPE_STR, .key = (k), .value.str = {(v), (n) } \
    }

/* At least one field; a line without one reads worse than the field would cost. */
#define log_event(level, event, ...)                                                   \
    do {                                                                               \
        if (log_enabled(level))                                                        \
            log_emit((level), (event),                                                 \
                     (const struct log_field[]){__VA_ARGS__, {.type = LOG_TYPE_END}}); \
    } while (0)

/* Looks at what stderr is (journald's socket, a pipe, a terminal, a file) and readies it for
 * writing without blocking. Until it is called, and if it cannot, lines go to stderr the plain way.
 */
void log_open(void);

/* Lines below `level` are dropped. */
void log_configure(enum log_level level, enum log_format format);

bool log_enabled(enum log_level level);

/* `fields` ends with LOG_TYPE_END. Use log_event(). */
void log_emit(enum log_level level, const char *event, const struct log_field *fields);

/* How many of the bytes are a value that is not cut, the beginning of a character that is not whole
 * left out if `more` are to come. At least one of four bytes or more. */
size_t log_value_fits(const char *s, size_t len, bool more);

/* How many lines were dropped since the start. */
uint64_t log_lost(void);

/* Says what could not be done, with errno's text if errno is not 0, and ends the process with
 * `status` (sysexits). For start-up faults and for memory that is not there. printf form. */
_Noreturn void fatal(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Says which invariant of ours does not hold and aborts. Use bug_on(). */
_Noreturn void log_bug(const char *file, int line, const char *what);

/* A check that stays in release builds: our own bug, never a peer's fault. */
#define bug_on(condition)                            \
    do {                                             \
        if (condition)                               \
            log_bug(__FILE__, __LINE__, #condition); \
    } while (0)

#endif
