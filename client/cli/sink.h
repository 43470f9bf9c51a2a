/* sink: standard output with a slow reader. O_NONBLOCK would change the descriptor for all
 * processes sharing it. Instead each write is so small that it does not block after poll(2) has
 * reported room. Above allocate and complain. */
#ifndef TASKMASTER_CLIENT_CLI_SINK_H
#define TASKMASTER_CLIENT_CLI_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink {
    int fd;
    bool regular; /* a file: takes everything at once */
    char *data;   /* owned; bytes from `start` to `end` wait to be written */
    size_t start, end, capacity;
    uint64_t written; /* bytes so far */
};

void sink_open(struct sink *sink, int fd);

/* Frees the waiting bytes. */
void sink_close(struct sink *sink);

/* Returns the number of waiting bytes. */
size_t sink_pending(const struct sink *sink);

/* Copies the bytes behind the waiting ones. */
void sink_add(struct sink *sink, const void *data, size_t size);

/* Writes once, after poll(2) has reported room. Returns 0, or -1 after a complaint. */
int sink_write(struct sink *sink);

/* Writes all waiting bytes, until the deadline (deadline.h). Returns 0, or -1 after a complaint;
 * `*late` is true if that is about the deadline. */
int sink_drain(struct sink *sink, int64_t deadline, bool *late);

#endif
