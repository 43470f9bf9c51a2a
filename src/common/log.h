/*
 * log: writes one line per event to stderr or a file, never blocking.
 *
 * A line has a stable event name (lower-case words joined by hyphens) and typed fields:
 *
 *     log_event(LOG_WARN, "worker-lost", LOG_UINT("worker", w->id), LOG_STR("signal", "SIGSEGV"));
 *
 *     text   2026-11-21T09:14:03.123Z warn worker-lost worker=3 signal=SIGSEGV
 *     json
 * {"time":"2026-11-21T09:14:03.123Z","level":"warn","event":"worker-lost","worker":3,"signal":"SIGSEGV"}
 *
 * Strings may hold any bytes. They are escaped (controls and broken UTF-8 as \xNN), and cut to
 * LOG_VALUE_MAX bytes with "..." at the end. A line has at most LOG_LINE_MAX bytes, to fit into a
 * pipe in one piece; fields without room are replaced by cut=true. Under journald (stderr is the
 * socket named by JOURNAL_STREAM) each text line starts with <N>, its syslog priority, and has no
 * time. A line not taken by stderr at once is dropped and counted; the next line written is
 * preceded by `log-lost lines=N`. errno is preserved.
 *
 * The process must ignore SIGPIPE and SIGXFSZ, because write(2) has no flag like send(2)'s
 * MSG_NOSIGNAL: a log without a reader, or at its size limit, must cost lines and not the process.
 * Only one thread may log.
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
    bool optional; /* left out if the value is 0 or NULL */
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

/* As LOG_UINT and LOG_STR, but the field is left out if the value is 0 or NULL. */
#define LOG_UINT_OPT(k, v)                                                            \
    {                                                                                 \
        .type = LOG_TYPE_UINT, .optional = true, .key = (k), .value.u = (uint64_t)(v) \
    }
#define LOG_STR_OPT(k, v)                                                                 \
    {                                                                                     \
        .type = LOG_TYPE_STR, .optional = true, .key = (k), .value.str = {(v), SIZE_MAX } \
    }

/* Logs an event with at least one field. The fields are evaluated only if the level is enabled. */
#define log_event(level, event, ...)                                                   \
    do {                                                                               \
        if (log_enabled(level))                                                        \
            log_emit((level), (event),                                                 \
                     (const struct log_field[]){__VA_ARGS__, {.type = LOG_TYPE_END}}); \
    } while (0)

/* Prepares stderr (journald's socket, a pipe, a terminal, a file) for writing without blocking.
 * Before the call, and if that is impossible, lines go to stderr by plain write(2). */
void log_open(void);

/* The log goes to `fd` from now on, and owns it. Its open file description is the log's own and has
 * O_NONBLOCK and O_APPEND. log_open() goes back to stderr. */
void log_use(int fd);

/* Descriptors of the log beside stderr: 0 or 1. */
size_t log_descriptors(void);

/* Lines below `level` are dropped. */
void log_configure(enum log_level level, enum log_format format);

/* Changes the level alone. Returns the level before. */
enum log_level log_change_level(enum log_level level);

bool log_enabled(enum log_level level);

/* `fields` ends with LOG_TYPE_END. Use log_event(). */
void log_emit(enum log_level level, const char *event, const struct log_field *fields);

/* Returns how many of the first bytes fit into one value without a cut: at least one of four bytes
 * or more. If `more` bytes are to come, an unfinished character at the end does not count. */
size_t log_value_fits(const char *s, size_t len, bool more);

/* Returns the number of dropped lines since the start. */
uint64_t log_lost(void);

/* Logs a fault, in printf form and with errno's text if errno is not 0, and ends the process with
 * `status` (sysexits.h). For faults at the start and for a lack of memory. */
_Noreturn void fatal(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Logs a broken invariant of ours and aborts. Use bug_on(). */
_Noreturn void log_bug(const char *file, int line, const char *what);

/* A check that stays in release builds: our own bug, never a peer's fault. */
#define bug_on(condition)                            \
    do {                                             \
        if (condition)                               \
            log_bug(__FILE__, __LINE__, #condition); \
    } while (0)

#endif
