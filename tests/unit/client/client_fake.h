/*
 * client_fake: a fake taskmasterd. A thread of the test accepts connections on a free port and
 * plays a script, a function of the test. libcheck's assertions belong to the test's own thread:
 * the script keeps its first fault, and fake_finish() asserts that there is none.
 *
 * fake_send() sends pieces of 1, 2, 3, 5, 7, ... bytes. Nothing here sleeps: every wait is
 * for a byte, with a deadline.
 */
#ifndef TASKMASTER_TESTS_UNIT_CLIENT_CLIENT_FAKE_H
#define TASKMASTER_TESTS_UNIT_CLIENT_CLIENT_FAKE_H

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { FAKE_DEADLINE_S = 20 };

#define FAKE_UNUSED __attribute__((unused))

#define FAKE_HELLO_OF(server, features)                                    \
    "{\"event\":\"hello\",\"protocol\":1,\"server\":\"" server "/0.2.0\"," \
    "\"boot\":\"k3f9\",\"header_max\":4096,\"payload_max\":1048576,"       \
    "\"features\":[" features "]}\n"
#define FAKE_HELLO FAKE_HELLO_OF("taskmasterd", "")

struct fake {
    char address[32]; /* for tm_client_connect() */
    int listener;
    int fd; /* of the script's connection; -1: none */
    void (*script)(struct fake *fake);
    void *arg; /* the script's own */
    pthread_t thread;
    char error[512];
    char line[4097]; /* the last header, without its LF */
    char input[65536];
    size_t start, end;
};

/* Ends the script. */
FAKE_UNUSED __attribute__((format(printf, 2, 3))) static void fake_fail(struct fake *fake,
                                                                        const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(fake->error, sizeof fake->error, fmt, args);
    va_end(args);
    close(fake->fd);
    pthread_exit(NULL);
}

FAKE_UNUSED static void fake_accept(struct fake *fake)
{
    const int on = 1;
    const struct timeval deadline = {.tv_sec = FAKE_DEADLINE_S};
    fake->fd = accept(fake->listener, NULL, NULL);
    if (fake->fd < 0)
        fake_fail(fake, "accept: %s", strerror(errno));
    setsockopt(fake->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fake->fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    setsockopt(fake->fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
    fake->start = fake->end = 0;
}

FAKE_UNUSED static void *fake_thread(void *arg)
{
    struct fake *fake = arg;
    fake->script(fake);
    if (fake->fd >= 0)
        close(fake->fd);
    return NULL;
}

FAKE_UNUSED static void fake_start(struct fake *fake, void (*script)(struct fake *), void *arg)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    const struct timeval deadline = {.tv_sec = FAKE_DEADLINE_S};
    memset(fake, 0, sizeof *fake);
    fake->fd = -1;
    fake->script = script;
    fake->arg = arg;
    fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fake->listener, 0);
    setsockopt(fake->listener, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    ck_assert_int_eq(bind(fake->listener, (struct sockaddr *)&name, sizeof name), 0);
    ck_assert_int_eq(listen(fake->listener, 8), 0);
    ck_assert_int_eq(getsockname(fake->listener, (struct sockaddr *)&name, &size), 0);
    snprintf(fake->address, sizeof fake->address, "127.0.0.1:%d", ntohs(name.sin_port));
    ck_assert_int_eq(pthread_create(&fake->thread, NULL, fake_thread, fake), 0);
}

/* Waits for the script's end and asserts its success. */
FAKE_UNUSED static void fake_finish(struct fake *fake)
{
    pthread_join(fake->thread, NULL);
    close(fake->listener);
    ck_assert_msg(fake->error[0] == '\0', "in the script: %s", fake->error);
}

/* False at the end of input. */
FAKE_UNUSED static bool fake_fill(struct fake *fake)
{
    if (fake->start == fake->end)
        fake->start = fake->end = 0;
    if (fake->end == sizeof fake->input) {
        memmove(fake->input, fake->input + fake->start, fake->end - fake->start);
        fake->end -= fake->start;
        fake->start = 0;
    }
    ssize_t count = recv(fake->fd, fake->input + fake->end, sizeof fake->input - fake->end, 0);
    if (count < 0 && errno != ECONNRESET)
        fake_fail(fake, "recv: %s", strerror(errno));
    if (count <= 0)
        return false;
    fake->end += (size_t)count;
    return true;
}

/* The next header; NULL at the end of input. */
FAKE_UNUSED static const char *fake_next_line(struct fake *fake)
{
    char *lf;
    while (!(lf = memchr(fake->input + fake->start, '\n', fake->end - fake->start)))
        if (!fake_fill(fake))
            return NULL;
    size_t len = (size_t)(lf - fake->input) - fake->start;
    if (len >= sizeof fake->line)
        fake_fail(fake, "a header of %zu bytes", len);
    memcpy(fake->line, fake->input + fake->start, len);
    fake->line[len] = '\0';
    fake->start += len + 1;
    return fake->line;
}

/* The next header is `expected`, or has it in it if it begins with '*'. */
FAKE_UNUSED static void fake_expect(struct fake *fake, const char *expected)
{
    const char *line = fake_next_line(fake);
    if (!line)
        fake_fail(fake, "end of input, and not %s", expected);
    if (*expected == '*' ? !strstr(line, expected + 1) : strcmp(line, expected) != 0)
        fake_fail(fake, "%s\nand not %s", line, expected);
}

FAKE_UNUSED static void fake_read(struct fake *fake, char *data, size_t size)
{
    while (size > 0) {
        size_t have = fake->end - fake->start;
        size_t count = have < size ? have : size;
        memcpy(data, fake->input + fake->start, count);
        fake->start += count;
        data += count;
        size -= count;
        if (size > 0 && !fake_fill(fake))
            fake_fail(fake, "end of input within a payload");
    }
}

FAKE_UNUSED static void fake_expect_payload(struct fake *fake, const char *expected)
{
    char data[256] = "";
    fake_read(fake, data, strlen(expected));
    if (strcmp(data, expected) != 0)
        fake_fail(fake, "the payload %s, and not %s", data, expected);
}

/* As it is, in one piece. */
FAKE_UNUSED static void fake_send_bytes(struct fake *fake, const void *data, size_t size)
{
    while (size > 0) {
        ssize_t count = send(fake->fd, data, size, MSG_NOSIGNAL);
        if (count <= 0)
            fake_fail(fake, "send: %s", strerror(errno));
        data = (const char *)data + count;
        size -= (size_t)count;
    }
}

/* In odd pieces. */
FAKE_UNUSED static void fake_send(struct fake *fake, const char *text)
{
    static const size_t pieces[] = {1, 2, 3, 5, 7, 11, 13};
    size_t len = strlen(text);
    for (size_t i = 0; len > 0; i = (i + 1) % (sizeof pieces / sizeof pieces[0])) {
        size_t count = pieces[i] < len ? pieces[i] : len;
        fake_send_bytes(fake, text, count);
        text += count;
        len -= count;
    }
}

__attribute__((format(printf, 2, 3))) FAKE_UNUSED static void fake_sendf(struct fake *fake,
                                                                         const char *fmt, ...)
{
    char text[8192];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    fake_send(fake, text);
}

FAKE_UNUSED static void fake_welcome_with(struct fake *fake, const char *hello)
{
    fake_accept(fake);
    fake_expect(fake, "*{\"op\":\"hello\",\"protocol\":1");
    fake_send(fake, hello);
}

FAKE_UNUSED static void fake_welcome(struct fake *fake)
{
    fake_welcome_with(fake, FAKE_HELLO);
}

/* As taskqueued does. */
FAKE_UNUSED static void fake_welcome_to_queue(struct fake *fake)
{
    fake_welcome_with(fake, FAKE_HELLO_OF("taskqueued", "\"wait\""));
}

/* Expects the end of the client, without another request. */
FAKE_UNUSED static void fake_expect_end(struct fake *fake)
{
    const char *line = fake_next_line(fake);
    if (line)
        fake_fail(fake, "%s\nand not the end of input", line);
}

/* Reads all input to its end. Closing with unread input would be a reset, and could lose the last
 * words. */
FAKE_UNUSED static void fake_ignore(struct fake *fake)
{
    do
        fake->start = fake->end;
    while (fake_fill(fake));
}

/* The number behind "key": in the last header; -1 if there is none. */
FAKE_UNUSED static long fake_number(const struct fake *fake, const char *key)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = strstr(fake->line, quoted);
    return at ? strtol(at + strlen(quoted), NULL, 10) : -1;
}

#endif
