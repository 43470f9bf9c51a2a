/* lines: cuts the bytes from a descriptor into lines, without reading ahead of the caller. */
#ifndef TASKMASTER_CLIENT_CLI_LINES_H
#define TASKMASTER_CLIENT_CLI_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
    int fd;
    size_t line_max; /* bytes; a longer line is skipped, and reported as too long */
    bool eof;        /* nothing more will be read */
    bool skipping;   /* within a line over line_max */
    char *data;      /* owned; unread from `start` to `end` */
    size_t start, end, capacity;
    char line_end;
    size_t scanned; /* bytes from `start` on known to hold no end of a line */
};

struct line_text {
    const char *text; /* borrowed until the next lines_ call; without its end, not NUL-terminated */
    size_t len;
    bool too_long; /* `text` is empty */
};

/* `line_end`: the byte behind each line. */
void lines_open(struct lines *lines, int fd, size_t line_max, char line_end);
void lines_close(struct lines *lines);

/* Takes a whole line out of the buffer. The last line may have no end. Returns false if there is
 * none. */
bool lines_next(struct lines *lines, struct line_text *line);

/* Returns true if unread bytes are in the buffer. */
bool lines_waiting(const struct lines *lines);

/* Returns true if there will be no other line. */
bool lines_over(const struct lines *lines);

/* Reads once, after poll(2) has reported input. Returns 0, or -1 after a complaint. */
int lines_fill(struct lines *lines);

#endif
