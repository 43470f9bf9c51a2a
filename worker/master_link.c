/*
 * master_link: see master_link.h.
 *
 * Sends use MSG_NOSIGNAL, and SIGPIPE keeps its default action. Programs started by a module would
 * inherit an ignored SIGPIPE, and `yes | head` would no longer end quietly in them.
 */
#include "master_link.h"

#include "common/xmalloc.h"
#include "report.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* In bytes: room for several small messages. Only the touched pages take memory. */
enum { READ_BUFFER_SIZE = 64 * 1024 };

enum {
    MOMENT_NS = 100 * 1000, /* between two looks: an empty send queue causes no event */
};

struct master_link {
    int fd;
    int patience_ms; /* in force for the socket; 0: without end */
    dev_t device;    /* identify the socket behind fd */
    ino_t inode;
    size_t begin; /* buffer[begin] to buffer[end - 1] are received and unread */
    size_t end;
    bool undelivered; /* sent bytes may not have arrived at the master's side yet */
    bool large_sent;  /* a large message is among them */
    unsigned char buffer[READ_BUFFER_SIZE];
};

struct master_link *master_link_new(int fd)
{
    struct master_link *link = xmalloc(sizeof(*link));
    struct stat st = {.st_ino = 0};

    if (fstat(fd, &st) < 0)
        report(TM_ERROR, "cannot look at the connection: %s", strerror(errno));
    link->fd = fd;
    link->patience_ms = 0;
    link->device = st.st_dev;
    link->inode = st.st_ino;
    link->begin = 0;
    link->end = 0;
    link->undelivered = false;
    link->large_sent = false;
    return link;
}

void master_link_free(struct master_link *link)
{
    close(link->fd);
    free(link);
}

/* Does one recv(2), repeated after signals. */
static enum link_status receive(struct master_link *link, void *data, size_t len, size_t *got)
{
    ssize_t n;

    do
        n = recv(link->fd, data, len, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN && link->patience_ms > 0)
        return LINK_IDLE;
    if (n < 0) {
        report(TM_ERROR, "cannot read from the master: %s", strerror(errno));
        return LINK_BROKEN;
    }
    *got = (size_t)n;
    return n > 0 ? LINK_OK : LINK_END;
}

static size_t take_buffered(struct master_link *link, void *data, size_t len)
{
    size_t available = link->end - link->begin;
    size_t n = len < available ? len : available;

    memcpy(data, link->buffer + link->begin, n);
    link->begin += n;
    return n;
}

/* Reads `len` bytes. Returns LINK_END and LINK_IDLE only if the input ended, or patience did,
 * before the first of them. */
static enum link_status read_fully(struct master_link *link, void *data, size_t len)
{
    char *at = data;
    size_t missing = len - take_buffered(link, at, len);

    while (missing > 0) { /* the buffer is empty here */
        size_t got = 0;
        bool direct = missing >= READ_BUFFER_SIZE;
        char *to = direct ? at + (len - missing) : (char *)link->buffer;
        enum link_status status =
            receive(link, to, direct ? missing : (size_t)READ_BUFFER_SIZE, &got);

        if (status == LINK_END && missing < len) {
            report(TM_ERROR, "the master's message ends in the middle");
            return LINK_BROKEN;
        }
        if (status == LINK_IDLE && missing < len)
            continue;
        if (status != LINK_OK)
            return status;
        if (direct) {
            missing -= got;
        } else {
            link->begin = 0;
            link->end = got;
            missing -= take_buffered(link, at + (len - missing), missing);
        }
    }
    return LINK_OK;
}

/* Returns the fault of a head, or NULL. */
static const char *find_fault(const struct wire_head *head, uint64_t payload_max)
{
    if (head->magic != WIRE_MAGIC)
        return "its magic number is wrong: is it of another release?";
    if (memchr(head->name, '\0', sizeof(head->name)) == NULL)
        return "its name is not terminated";
    if (head->text_len != 0 &&
        (head->type != WIRE_RUN || head->text_len != sizeof(struct wire_origin)))
        return "it has a text";
    if (head->size > payload_max)
        return "its payload is larger than payload-max";
    return NULL;
}

enum link_status master_link_receive(struct master_link *link, struct wire_head *head,
                                     uint64_t payload_max)
{
    enum link_status status = read_fully(link, head, sizeof(*head));

    if (status != LINK_OK)
        return status;
    const char *fault = find_fault(head, payload_max);
    if (fault != NULL) {
        report(TM_ERROR, "the master's message is broken: %s", fault);
        return LINK_BROKEN;
    }
    return LINK_OK;
}

bool master_link_has_message(const struct master_link *link)
{
    struct wire_head head;
    size_t available = link->end - link->begin;

    if (available < sizeof(head))
        return false;
    memcpy(&head, link->buffer + link->begin, sizeof(head));
    return available - sizeof(head) >= head.size + head.text_len;
}

void master_link_set_patience(struct master_link *link, int timeout_ms)
{
    struct timeval time = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000L};

    if (timeout_ms != link->patience_ms &&
        setsockopt(link->fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)) == 0)
        link->patience_ms = timeout_ms;
}

enum link_status master_link_read(struct master_link *link, void *data, size_t len)
{
    enum link_status status;

    do
        status = read_fully(link, data, len);
    while (status == LINK_IDLE);
    if (status == LINK_END) {
        report(TM_ERROR, "the master's message ends before its payload");
        return LINK_BROKEN;
    }
    return status;
}

enum link_status master_link_skip(struct master_link *link, size_t len)
{
    char dropped[4096];
    enum link_status status = LINK_OK;

    for (size_t n; len > 0 && status == LINK_OK; len -= n) {
        n = len < sizeof(dropped) ? len : sizeof(dropped);
        status = master_link_read(link, dropped, n);
    }
    return status;
}

bool master_link_is_whole(const struct master_link *link)
{
    struct stat st;

    return fstat(link->fd, &st) == 0 && st.st_dev == link->device && st.st_ino == link->inode;
}

/*
 * After a large message, waits until the master's side has acknowledged everything: a full receive
 * buffer may drop bytes, and only this side could send them again. Small messages have arrived once
 * they are sent, and as long as the master reads they are sent at once.
 */
void master_link_await_delivery(struct master_link *link)
{
    const struct timespec moment = {.tv_nsec = MOMENT_NS};
    unsigned long what = link->large_sent ? SIOCOUTQ : SIOCOUTQNSD;
    int left = 0;

    if (!link->undelivered)
        return;
    while (ioctl(link->fd, what, &left) == 0 && left > 0)
        ppoll(NULL, 0, &moment, NULL);
    link->undelivered = false;
    link->large_sent = false;
}

/* Removes the first `n` bytes from the message. */
static void advance(struct msghdr *message, size_t n)
{
    while (message->msg_iovlen > 0 && n >= message->msg_iov->iov_len) {
        n -= message->msg_iov->iov_len;
        message->msg_iov++;
        message->msg_iovlen--;
    }
    if (message->msg_iovlen > 0) {
        message->msg_iov->iov_base = (char *)message->msg_iov->iov_base + n;
        message->msg_iov->iov_len -= n;
    }
}

enum link_status master_link_send(struct master_link *link, struct wire_head *head,
                                  const char *text, const void *payload)
{
    struct iovec parts[] = {
        {head, sizeof(*head)},
        {(void *)text, head->text_len},
        {(void *)payload, head->size},
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = sizeof(parts) / sizeof(parts[0])};

    head->magic = WIRE_MAGIC;
    link->undelivered = true;
    link->large_sent |= head->size >= WIRE_LARGE;
    while (message.msg_iovlen > 0) {
        ssize_t n = sendmsg(link->fd, &message, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) {
            report(TM_ERROR, "cannot write to the master: %s", strerror(errno));
            return LINK_BROKEN;
        }
        if (n >= 0)
            advance(&message, (size_t)n);
    }
    return LINK_OK;
}
