/* report: see report.h. Each line is one write(2): a module's threads and children share the pipe,
 * and their lines can come between two lines but never into one. */
#include "report.h"

#include "common/wire.h"
#include "fork_mark.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <syslog.h>
#include <unistd.h>

enum { PREFIX_LEN = 4 }; /* the mark, "<6>" */

static const uint32_t *debug_wanted; /* NULL: never */
static bool plain;
static int report_fd = STDERR_FILENO;

void report_follow_debug(const uint32_t *debug)
{
    debug_wanted = debug;
}

static bool is_debug_wanted(void)
{
    return debug_wanted && __atomic_load_n(debug_wanted, __ATOMIC_RELAXED);
}

void report_set_fd(int fd)
{
    report_fd = fd;
}

void report_set_plain(void)
{
    plain = true;
}

static char priority(tm_level level)
{
    switch (level) {
    case TM_DEBUG:
        return '0' + LOG_DEBUG;
    case TM_WARNING:
        return '0' + LOG_WARNING;
    case TM_ERROR:
        return '0' + LOG_ERR;
    case TM_INFO:
    default: /* modules may pass any number */
        return '0' + LOG_INFO;
    }
}

void report_flush_stdout(void)
{
    /* stdout is line buffered: any pending text is a line without its end. */
    if (__fpending(stdout) > 0)
        putchar('\n');
    fflush(stdout);
}

void report_v(tm_level level, const char *fmt, va_list args)
{
    char text[REPORT_MAX + 1];
    char line[PREFIX_LEN + REPORT_MAX + 1 + 1] = {WIRE_MARK, '<', priority(level), '>'};
    int saved_errno = errno;

    if (level == TM_DEBUG && !is_debug_wanted())
        return;
    if (vsnprintf(text, sizeof(text), fmt, args) < 0)
        text[0] = '\0';
    size_t prefix_len = plain ? 0 : PREFIX_LEN;
    size_t len = prefix_len + (plain ? text_clean(line, REPORT_MAX + 1, text)
                                     : text_one_line(line + prefix_len, REPORT_MAX + 1, text));
    line[len++] = '\n';

    if (!fork_mark_in_child()) /* in a child, pending text is partly the worker's */
        report_flush_stdout();
    /* A failed write to the log cannot be reported anywhere. */
    if (write(report_fd, line, len) < 0)
        errno = 0;
    errno = saved_errno;
}

void report(tm_level level, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    report_v(level, fmt, args);
    va_end(args);
}
