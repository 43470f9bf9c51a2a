/* lines: cuts what comes from a descriptor into lines, as it comes and without reading ahead of
 * what is asked for. */
#ifndef TASKMASTER_CLIENT_CLI_LINES_H
#define TASKMASTER_CLIENT_CLI_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
    int fd;
    size_t line_max; /* bytes; a longer line is skipped and told as such */
    bool eof;        /* nothing more will be read */
    bool skipping;   /* within a line that is too long */
    char *data;      /* owned; from start to end it is not handed out yet */
    size_t start, end, capacity;
    size_t scanned; /* bytes from start on that hold no LF */
};

struct line_text {
    const char *text; /* borrowed until the next lines_ call; no LF, not NUL-terminated */
    size_t len;
    bool too_long; /* `text` is empty */
};

void lines_open(struct lines *lines, int fd, size_t line_max);
void lines_close(struct lines *lines);

/* True if a line was whole already. A last one without its LF counts. */
bool lines_next(struct lines *lines, struct line_text *line);

/* True if a part of a line is in that was not handed out. */
bool lines_waiting(const struct lines *lines);

/* True if there will be no other line. */
bool lines_over(const struct lines *lines);

/* Reads once; to be called when poll(2) says that it can. 0, or -1 after a complaint. */
int lines_fill(struct lines *lines);

#endif
