/* lines: see lines.h. */
#include "lines.h"

#include "allocate.h"
#include "complain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

void lines_open(struct lines *lines, int fd, size_t line_max, char line_end)
{
    memset(lines, 0, sizeof *lines);
    lines->fd = fd;
    lines->line_max = line_max;
    lines->line_end = line_end;
}

void lines_close(struct lines *lines)
{
    free(lines->data);
    memset(lines, 0, sizeof *lines);
}

/* Takes `len` bytes, and the `ending` bytes behind them. */
static void hand_out(struct lines *lines, struct line_text *line, size_t len, size_t ending)
{
    *line = (struct line_text){.text = lines->data + lines->start, .len = len};
    if (lines->skipping || len > lines->line_max)
        *line = (struct line_text){.text = "", .too_long = true};
    lines->start += len + ending;
    lines->scanned = 0;
    lines->skipping = false;
}

bool lines_next(struct lines *lines, struct line_text *line)
{
    size_t have = lines->end - lines->start;
    if (have > lines->scanned) {
        char *from = lines->data + lines->start;
        char *end = memchr(from + lines->scanned, lines->line_end, have - lines->scanned);
        if (end) {
            hand_out(lines, line, (size_t)(end - from), 1);
            return true;
        }
        lines->scanned = have;
    }
    if (lines->eof && (have > 0 || lines->skipping)) {
        hand_out(lines, line, have, 0);
        return true;
    }
    if (have > lines->line_max) {
        lines->start = lines->end;
        lines->scanned = 0;
        lines->skipping = true;
    }
    return false;
}

bool lines_waiting(const struct lines *lines)
{
    return lines->start < lines->end || lines->skipping;
}

bool lines_over(const struct lines *lines)
{
    return lines->eof && !lines_waiting(lines);
}

static void make_room(struct lines *lines)
{
    if (lines->start > 0) {
        memmove(lines->data, lines->data + lines->start, lines->end - lines->start);
        lines->end -= lines->start;
        lines->start = 0;
    }
    if (lines->capacity - lines->end >= READ_SIZE)
        return;
    lines->capacity = lines->capacity ? lines->capacity * 2 : (size_t)2 * READ_SIZE;
    lines->data = allocate(lines->data, lines->capacity);
}

int lines_fill(struct lines *lines)
{
    make_room(lines);
    ssize_t count = read(lines->fd, lines->data + lines->end, READ_SIZE);
    if (count < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
        complain("cannot read standard input: %s", strerror(errno));
        lines->eof = true;
        return -1;
    }
    lines->eof = count == 0;
    if (count > 0)
        lines->end += (size_t)count;
    return 0;
}
