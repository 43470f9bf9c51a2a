/* nemesis_strangers: strangers connect to the worker port. Not a byte may come back. */
#include "nemesis.h"

#include "common/wire.h"
#include "die.h"
#include "pattern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <taskmaster/version.h>
#include <unistd.h>

enum { STRANGERS_MAX = 20, PATIENCE_US = 8000000 };

struct stranger {
    struct nemesis *nemesis;
    struct loop_watch watch;
    struct loop_timer patience;
    char text[sizeof(struct wire_head) + sizeof(struct wire_hello)];
    size_t len; /* to be written */
};

static void leave(struct stranger *stranger)
{
    int fd = stranger->watch.fd;
    loop_clear(&stranger->patience);
    loop_unwatch(stranger->nemesis->loop, &stranger->watch);
    close(fd);
    stranger->nemesis->strangers--;
    free(stranger);
}

static void note(struct stranger *stranger, enum broken what)
{
    history_add(stranger->nemesis->history, EV_BROKEN)->a = what;
}

static void on_patience(void *arg)
{
    struct stranger *stranger = arg;
    if (stranger->nemesis->crowd->env.up)
        note(stranger, BROKEN_STRANGER_STAYS);
    leave(stranger);
}

static void on_ready(void *arg, uint32_t events)
{
    char data[4096];
    struct stranger *stranger = arg;
    (void)events;
    if (stranger->len && (events & EPOLLOUT)) {
        send(stranger->watch.fd, stranger->text, stranger->len, MSG_NOSIGNAL);
        stranger->len = 0;
        loop_change(stranger->nemesis->loop, &stranger->watch, EPOLLIN);
        return;
    }
    ssize_t n = recv(stranger->watch.fd, data, sizeof data, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0)
        note(stranger, BROKEN_STRANGER_TOLD);
    leave(stranger);
}

/* A worker's hello with a wrong token. */
static void forge(struct stranger *stranger, struct rng *rng)
{
    struct wire_head head = {
        .magic = WIRE_MAGIC, .type = WIRE_HELLO, .size = sizeof(struct wire_hello)};
    struct wire_hello hello = {.worker = (uint32_t)rng_range(rng, 1, 50)};
    memcpy(head.name, TASKMASTER_VERSION, sizeof TASKMASTER_VERSION);
    pattern_fill((char *)hello.token, sizeof hello.token, rng_next(rng));
    memcpy(stranger->text, &head, sizeof head);
    memcpy(stranger->text + sizeof head, &hello, sizeof hello);
    stranger->len = sizeof stranger->text;
}

static void come(struct nemesis *nemesis)
{
    int fd = connection_socket(&nemesis->daemon->workers);
    if (fd < 0)
        return;
    struct stranger *stranger = need(sizeof *stranger);
    stranger->nemesis = nemesis;
    nemesis->strangers++;
    stranger->watch = (struct loop_watch){.ready = on_ready, .arg = stranger};
    stranger->patience = (struct loop_timer){.fire = on_patience, .arg = stranger};
    if (nemesis->kind == FAULT_STRANGER_TOKEN)
        forge(stranger, &nemesis->rng);
    if (nemesis->kind == FAULT_STRANGER_GARBAGE) {
        stranger->len =
            (size_t)rng_range(&nemesis->rng, sizeof(struct wire_head), sizeof stranger->text);
        pattern_fill(stranger->text, stranger->len, rng_next(&nemesis->rng));
    }
    loop_watch(nemesis->loop, &stranger->watch, fd, stranger->len ? EPOLLIN | EPOLLOUT : EPOLLIN);
    loop_set(nemesis->loop, &stranger->patience, PATIENCE_US * nemesis->daemon->scale);
}

void nemesis_strangers_strike(struct nemesis *nemesis)
{
    for (uint64_t n = rng_range(&nemesis->rng, 1, STRANGERS_MAX); n > 0; n--)
        come(nemesis);
}
