/* redis_lookup: see redis_lookup.h. */
#include "queue/redis/redis_lookup.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The thread's question and answer. The loop reads the answer once `fd` is readable. The last of
 * the two frees it: a forgotten thread goes on for as long as the resolver takes. */
struct question {
    atomic_int users;
    int fd;
    char *text;
    struct address address;
    int rc;
    char why[128];
};

struct redis_lookup {
    struct question *question;
    struct event *ready;
    void (*done)(void *arg, const struct address *address, const char *why);
    void *arg;
};

static void leave(struct question *question)
{
    if (atomic_fetch_sub(&question->users, 1) > 1)
        return;
    close(question->fd);
    free(question->text);
    free(question);
}

/* --- the thread --- */

static void *run(void *arg)
{
    struct question *question = arg;
    const uint64_t one = 1;
    pthread_setname_np(pthread_self(), "lookup");
    question->rc =
        address_parse(&question->address, question->text, question->why, sizeof question->why);
    bug_on(write(question->fd, &one, sizeof one) != sizeof one); /* fails at 2^64 alone */
    leave(question);
    return NULL;
}

/* Signals are for the loop's thread. 0, or -1. */
static int start(struct question *question)
{
    pthread_t thread;
    pthread_attr_t detached;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&thread, &detached, run, question);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&detached);
    return rc ? -1 : 0;
}

/* --- the loop's side --- */

static void end(struct redis_lookup *lookup)
{
    event_free(lookup->ready);
    leave(lookup->question);
    free(lookup);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    struct redis_lookup *lookup = arg;
    struct question *question = lookup->question;
    (void)fd, (void)what;
    atomic_fetch_add(&question->users, 1); /* the callee may begin the next one */
    void (*done)(void *, const struct address *, const char *) = lookup->done;
    void *done_arg = lookup->arg;
    end(lookup);
    done(done_arg, question->rc == 0 ? &question->address : NULL, question->why);
    leave(question);
}

static struct redis_lookup *watch(struct event_base *base, struct question *question)
{
    struct redis_lookup *lookup = xcalloc(1, sizeof *lookup);
    lookup->question = question;
    lookup->ready = event_new(base, question->fd, EV_READ, on_ready, lookup);
    if (lookup->ready && event_add(lookup->ready, NULL) == 0)
        return lookup;
    if (lookup->ready)
        event_free(lookup->ready);
    free(lookup);
    return NULL;
}

struct redis_lookup *redis_lookup_begin(struct event_base *base, const char *text,
                                        void (*done)(void *arg, const struct address *address,
                                                     const char *why),
                                        void *arg)
{
    struct question *question = xcalloc(1, sizeof *question);
    question->users = 2;
    question->text = xstrdup(text);
    question->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct redis_lookup *lookup = question->fd < 0 ? NULL : watch(base, question);
    if (!lookup || start(question) < 0) {
        leave(question); /* for the thread that is not there */
        if (lookup)
            end(lookup);
        else
            leave(question);
        return NULL;
    }
    lookup->done = done;
    lookup->arg = arg;
    return lookup;
}

void redis_lookup_forget(struct redis_lookup *lookup)
{
    if (lookup)
        end(lookup);
}
