/*
 * log_line: formats one event as one line, as described in log.h. No memory is allocated.
 */
#ifndef TASKMASTER_COMMON_LOG_LINE_H
#define TASKMASTER_COMMON_LOG_LINE_H

#include "common/log.h"

/* The beginning of a text line. */
enum log_prefix {
    LOG_PREFIX_TIME,     /* 2026-11-21T09:14:03.123Z */
    LOG_PREFIX_PRIORITY, /* <N>, for journald */
};

/* A growing line. Room for log_line_end() is always kept free. */
struct log_line {
    enum log_format format;
    size_t len;
    char text[LOG_LINE_MAX];
};

void log_line_begin(struct log_line *line, enum log_format format, enum log_prefix prefix,
                    enum log_level level, const char *event);

/* Appends the field, its value possibly cut, unless it is left out. Returns false if the line has
 * no room for the field. */
bool log_line_add(struct log_line *line, const struct log_field *field);

/* Closes the line with its LF. `cut`: not all fields found room. */
void log_line_end(struct log_line *line, bool cut);

/* See log_value_fits(). */
size_t log_line_value_fits(enum log_format format, const char *s, size_t len, bool more);

#endif
