/* sink: standard output that may be slow. Its O_NONBLOCK flag belongs to everybody who shares it
 * with us and is left alone; instead a write is never larger than what a descriptor that polls as
 * writable takes without blocking. */
#ifndef TASKMASTER_CLIENT_CLI_SINK_H
#define TASKMASTER_CLIENT_CLI_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink {
    int fd;
    bool regular; /* a file: never slow, takes everything at once */
    char *data;   /* owned; from start to end it waits to be written */
    size_t start, end, capacity;
};

void sink_open(struct sink *sink, int fd);

/* Frees what was not written. */
void sink_close(struct sink *sink);

size_t sink_pending(const struct sink *sink);

/* Copies the bytes to the end of what waits. */
void sink_add(struct sink *sink, const void *data, size_t size);

/* Writes once; to be called when poll(2) says that it can. 0, or -1 after a complaint. */
int sink_write(struct sink *sink);

/* Writes all of it and waits as long as that takes, until the deadline (see deadline.h). 0, or -1
 * after a complaint; `*late` tells whether it is about the deadline. */
int sink_drain(struct sink *sink, int64_t deadline, bool *late);

#endif
