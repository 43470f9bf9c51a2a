/* log_line: see log_line.h. */
#include "common/log_line.h"

#include "common/utf8.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char *const level_priorities[] = {"<7>", "<6>", "<4>", "<3>"}; /* see syslog(3) */

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
static bool put(struct log_line *line, const char *s, size_t len)
{
    if (len > LINE_ROOM - line->len)
        return false;
    memcpy(line->text + line->len, s, len);
    line->len += len;
    return true;
}

static bool put_text(struct log_line *line, const char *s)
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

size_t log_line_value_fits(enum log_format format, const char *s, size_t len, bool more)
{
    size_t used = 0, at = 0;
    while (at < len && !(more && is_half(s + at, len - at))) {
        char unit[UNIT_MAX];
        size_t unit_len;
        size_t n = escape(s + at, len - at, format, unit, &unit_len);
        if (used + unit_len > LOG_VALUE_MAX)
            break;
        used += unit_len;
        at += n;
    }
    return at;
}

/* Appends a value between quotes. The escaped value is cut between two characters, at LOG_VALUE_MAX
 * or at the end of the line's room. */
static bool put_quoted(struct log_line *line, const char *s, size_t len)
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
static bool put_string(struct log_line *line, const char *s, size_t max)
{
    if (!s)
        return put_text(line, line->format == LOG_JSON ? "null" : "-");
    const size_t enough = LOG_VALUE_MAX + 1; /* one byte over the limit causes the cut */
    size_t len = max == SIZE_MAX ? strnlen(s, enough) : max < enough ? max : enough;
    if (line->format == LOG_TEXT && is_bare(s, len))
        return put(line, s, len);
    return put_quoted(line, s, len);
}

static bool put_value(struct log_line *line, const struct log_field *field)
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

bool log_line_add(struct log_line *line, const struct log_field *field)
{
    if (is_left_out(field))
        return true;
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

void log_line_begin(struct log_line *line, enum log_format format, enum log_prefix prefix,
                    enum log_level level, const char *event)
{
    char time[32];
    format_time(time);
    line->format = format;
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
    put_text(line, prefix == LOG_PREFIX_PRIORITY ? level_priorities[level] : time);
    put_text(line, prefix == LOG_PREFIX_PRIORITY ? "" : " ");
    put_text(line, level_names[level]);
    put_text(line, " ");
    put_text(line, event);
}

/* Uses the room kept free by put(). */
void log_line_end(struct log_line *line, bool cut)
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
