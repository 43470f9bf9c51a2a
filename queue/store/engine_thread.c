/* engine_thread: see engine_thread.h. */
#include "queue/store/engine_thread.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    ANSWERS_MAX = 1000,    /* in one turn of the loop: a millisecond or so */
    FINISH_MAX_MS = 10000, /* an operation takes longer: the disk is full, or hangs */
};

struct engine_thread {
    engine_turn *turn;
    void *arg;
    pthread_t thread;

    /* the loop's */
    struct event *event;
    struct store_ops posted;  /* since the last flush */
    struct store_ops telling; /* answered, and about to be told */
    size_t count;             /* operations posted and not yet told */
    void (*failed)(void *arg, const char *why);
    void *failed_arg;
    bool is_over; /* `failed` was called */

    /* shared */
    pthread_mutex_t mutex;
    pthread_cond_t wake; /* the thread has something to do */
    struct store_ops waiting, answered;
    bool is_stopping, is_lost;
    int fd; /* readable: something is answered, or lost */

    /* the thread's */
    struct store_ops todo;
    char why[256]; /* the loop's once the store is lost */
};

/* --- the thread --- */

static struct timespec time_in(uint32_t ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

static bool has_news(const struct engine_thread *thread)
{
    return thread->is_stopping || (STAILQ_EMPTY(&thread->todo) && !STAILQ_EMPTY(&thread->waiting));
}

/* Waits for operations, at most for so long, and takes them. False: the thread is to end. */
static bool gather(struct engine_thread *thread, uint32_t pause_ms)
{
    const struct timespec until = time_in(pause_ms == ENGINE_THREAD_FOREVER ? 0 : pause_ms);
    int rc = pause_ms ? 0 : ETIMEDOUT;
    pthread_mutex_lock(&thread->mutex);
    while (!has_news(thread) && rc != ETIMEDOUT)
        rc = pause_ms == ENGINE_THREAD_FOREVER
                 ? pthread_cond_wait(&thread->wake, &thread->mutex)
                 : pthread_cond_timedwait(&thread->wake, &thread->mutex, &until);
    STAILQ_CONCAT(&thread->todo, &thread->waiting);
    bool goes_on = !thread->is_stopping;
    pthread_mutex_unlock(&thread->mutex);
    return goes_on;
}

static void wake_loop(struct engine_thread *thread)
{
    const uint64_t one = 1;
    bug_on(write(thread->fd, &one, sizeof one) != sizeof one); /* fails at 2^64 alone */
}

static void publish(struct engine_thread *thread, struct store_ops *answered, bool is_lost)
{
    if (STAILQ_EMPTY(answered) && !is_lost)
        return;
    pthread_mutex_lock(&thread->mutex);
    STAILQ_CONCAT(&thread->answered, answered);
    thread->is_lost = is_lost;
    pthread_mutex_unlock(&thread->mutex);
    wake_loop(thread);
}

static void *run(void *arg)
{
    struct engine_thread *thread = arg;
    uint32_t pause_ms = 0;
    pthread_setname_np(pthread_self(), "store");
    while (pause_ms != ENGINE_THREAD_LOST && gather(thread, pause_ms)) {
        struct store_ops answered = STAILQ_HEAD_INITIALIZER(answered);
        pause_ms =
            thread->turn(thread->arg, &thread->todo, &answered, thread->why, sizeof thread->why);
        publish(thread, &answered, pause_ms == ENGINE_THREAD_LOST);
    }
    return NULL;
}

/* --- the loop's side --- */

void engine_thread_post(struct engine_thread *thread, struct store_op *op)
{
    op->status = STORE_OK;
    STAILQ_INIT(&op->rows);
    STAILQ_INSERT_TAIL(&thread->posted, op, link);
    thread->count++;
}

void engine_thread_flush(struct engine_thread *thread)
{
    if (STAILQ_EMPTY(&thread->posted))
        return;
    pthread_mutex_lock(&thread->mutex);
    STAILQ_CONCAT(&thread->waiting, &thread->posted);
    pthread_cond_signal(&thread->wake);
    pthread_mutex_unlock(&thread->mutex);
}

static bool take_answers(struct engine_thread *thread)
{
    pthread_mutex_lock(&thread->mutex);
    STAILQ_CONCAT(&thread->telling, &thread->answered);
    bool is_lost = thread->is_lost;
    pthread_mutex_unlock(&thread->mutex);
    return !is_lost;
}

static void tell(struct engine_thread *thread)
{
    struct store_op *op;
    for (int n = 0; n < ANSWERS_MAX && (op = STAILQ_FIRST(&thread->telling)); n++) {
        STAILQ_REMOVE_HEAD(&thread->telling, link);
        thread->count--;
        op->done(op);
    }
}

static void tell_failed(struct engine_thread *thread)
{
    if (thread->is_over)
        return;
    thread->is_over = true;
    thread->failed(thread->failed_arg, thread->why);
}

static void on_answers(evutil_socket_t fd, short what, void *arg)
{
    struct engine_thread *thread = arg;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof count) < 0)
        bug_on(errno != EAGAIN && errno != EINTR);
    bool is_well = take_answers(thread);
    tell(thread);
    if (!STAILQ_EMPTY(&thread->telling))
        wake_loop(thread);
    else if (!is_well)
        tell_failed(thread);
}

/* False: nothing has come for long. A signal is nothing. */
static bool wait_for_answers(const struct engine_thread *thread)
{
    struct pollfd readable = {.fd = thread->fd, .events = POLLIN};
    int n;
    do
        n = poll(&readable, 1, FINISH_MAX_MS);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

bool engine_thread_finish(struct engine_thread *thread)
{
    engine_thread_flush(thread);
    while (thread->count && !thread->is_over && wait_for_answers(thread)) {
        on_answers(thread->fd, EV_READ, thread);
        engine_thread_flush(thread);
    }
    return !thread->count;
}

/* --- life --- */

static void init_lists(struct engine_thread *thread)
{
    STAILQ_INIT(&thread->posted);
    STAILQ_INIT(&thread->telling);
    STAILQ_INIT(&thread->waiting);
    STAILQ_INIT(&thread->answered);
    STAILQ_INIT(&thread->todo);
}

static void init_shared(struct engine_thread *thread)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&thread->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&thread->mutex, NULL);
}

/* The thread gets no signal: all are for the loop. */
static int start_thread(struct engine_thread *thread)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread->thread, NULL, run, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static void free_thread(struct engine_thread *thread)
{
    if (thread->event)
        event_free(thread->event);
    if (thread->fd >= 0)
        close(thread->fd);
    pthread_cond_destroy(&thread->wake);
    pthread_mutex_destroy(&thread->mutex);
    free(thread);
}

struct engine_thread *engine_thread_start(struct event_base *base, engine_turn *turn, void *arg,
                                          void (*failed)(void *arg, const char *why),
                                          void *failed_arg)
{
    struct engine_thread *thread = xcalloc(1, sizeof *thread);
    *thread = (struct engine_thread){
        .turn = turn, .arg = arg, .failed = failed, .failed_arg = failed_arg};
    init_lists(thread);
    init_shared(thread);
    thread->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (thread->fd >= 0)
        thread->event = event_new(base, thread->fd, EV_READ | EV_PERSIST, on_answers, thread);
    int error = errno;
    if (thread->event && event_add(thread->event, NULL) == 0 && (error = start_thread(thread)) == 0)
        return thread;
    free_thread(thread);
    errno = error;
    return NULL;
}

void engine_thread_stop(struct engine_thread *thread)
{
    pthread_mutex_lock(&thread->mutex);
    thread->is_stopping = true;
    pthread_cond_signal(&thread->wake);
    pthread_mutex_unlock(&thread->mutex);
    pthread_join(thread->thread, NULL);
    free_thread(thread);
}
