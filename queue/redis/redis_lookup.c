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
struct answer {
    struct address address;
    int rc; /* 0, or -1 and a reason */
    char why[128];
};

struct question {
    atomic_int users;
    int fd;
    char *text;
    struct answer answer;
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
    struct answer *answer = &question->answer;
    const uint64_t one = 1;
    pthread_setname_np(pthread_self(), "lookup");
    answer->rc = address_parse(&answer->address, question->text, answer->why, sizeof answer->why);
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
    question->users = 2;
    int rc = pthread_create(&thread, &detached, run, question);
    if (rc != 0)
        question->users = 1;
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
    struct redis_lookup told = *(struct redis_lookup *)arg;
    const struct answer answer = told.question->answer;
    (void)fd, (void)what;
    end(arg); /* the callee may begin the next one */
    told.done(told.arg, answer.rc == 0 ? &answer.address : NULL, answer.why);
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
    question->users = 1;
    question->text = xstrdup(text);
    question->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct redis_lookup *lookup = question->fd < 0 ? NULL : watch(base, question);
    if (!lookup) {
        leave(question);
        return NULL;
    }
    lookup->done = done;
    lookup->arg = arg;
    if (start(question) == 0)
        return lookup;
    end(lookup);
    return NULL;
}

void redis_lookup_forget(struct redis_lookup *lookup)
{
    if (lookup)
        end(lookup);
}
