/* sink: see sink.h. */
#include "sink.h"

#include "allocate.h"
#include "client/lib/deadline.h"
#include "complain.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void sink_open(struct sink *sink, int fd)
{
    struct stat status;
    memset(sink, 0, sizeof *sink);
    sink->fd = fd;
    sink->regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

void sink_close(struct sink *sink)
{
    free(sink->data);
    memset(sink, 0, sizeof *sink);
}

size_t sink_pending(const struct sink *sink)
{
    return sink->end - sink->start;
}

void sink_add(struct sink *sink, const void *data, size_t size)
{
    if (sink->start > 0) {
        memmove(sink->data, sink->data + sink->start, sink_pending(sink));
        sink->end -= sink->start;
        sink->start = 0;
    }
    if (sink->capacity - sink->end < size) {
        size_t capacity = sink->end + size;
        sink->capacity = capacity + capacity / 2;
        sink->data = allocate(sink->data, sink->capacity);
    }
    if (size > 0)
        memcpy(sink->data + sink->end, data, size);
    sink->end += size;
}

int sink_write(struct sink *sink)
{
    size_t size = sink_pending(sink);
    if (!sink->regular && size > PIPE_BUF)
        size = PIPE_BUF;
    ssize_t written = write(sink->fd, sink->data + sink->start, size);
    if (written < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
        complain("cannot write: %s", strerror(errno));
        return -1;
    }
    if (written > 0) {
        sink->start += (size_t)written;
        sink->written += (uint64_t)written;
    }
    return 0;
}

int sink_drain(struct sink *sink, int64_t deadline, bool *late)
{
    *late = false;
    while (sink_pending(sink) > 0) {
        struct pollfd poll_fd = {.fd = sink->fd, .events = POLLOUT};
        int ready = poll(&poll_fd, 1, tmc_deadline_left_ms(deadline));
        if (ready > 0 && sink_write(sink) < 0)
            return -1;
        if (ready == 0 && tmc_deadline_passed(deadline)) {
            complain("standard output did not take all in time; %zu bytes are not written",
                     sink_pending(sink));
            *late = true;
            return -1;
        }
    }
    return 0;
}
