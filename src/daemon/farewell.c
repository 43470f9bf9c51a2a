/* farewell: see farewell.h. */
#include "daemon/farewell.h"

enum {
    HEAR_MS = 1000,  /* for reading clients that go on sending */
    SILENT_MS = 500, /* for reading silent clients */
    FLUSH_MS = 1000, /* behind the daemon's limit: for clients to take the rest of their output */
    LAST_WORDS_MS = 100, /* between two looks at the output left */
};

/* Requests may be on their way. Each client is read and answered as long as it goes on sending, up
 * to a limit. A silent client is not waited for: it may begin at any time. */
static void begin_hearing(struct farewell *f)
{
    f->phase = FAREWELL_HEARING;
    f->hear_by_us = f->timers->now_us + (f->hurried ? LAST_WORDS_MS : HEAR_MS) * 1000ull;
    peers_listen(f->peers);
    timer_set_ms(f->timers, &f->timer, f->hurried ? LAST_WORDS_MS : SILENT_MS);
}

static void go_on_hearing(struct farewell *f)
{
    peers_end_silent(f->peers);
    timer_set(f->timers, &f->timer, f->hear_by_us);
}

/* Clients taking their output are waited for longer than linger-ms, but not beyond the daemon's
 * limit: this is our promise to the operator. */
static void begin_taking(struct farewell *f)
{
    uint64_t now = f->timers->now_us, linger = now + f->peers->settings->linger_ms * 1000ull;
    uint64_t last = (f->by_us > now ? f->by_us : now) + FLUSH_MS * 1000ull;
    f->phase = FAREWELL_TAKING;
    f->untaken = SIZE_MAX;
    timer_set(f->timers, &f->timer, linger < last ? linger : last);
    if (f->hurried)
        timer_set_ms(f->timers, &f->timer, LAST_WORDS_MS);
    if (f->begin_taking)
        f->begin_taking(f->arg);
    peers_end(f->peers);
}

/* The daemon's limit bounds only the time after that. */
static bool is_telling(struct farewell *f)
{
    if (!f->is_telling || !f->is_telling(f->arg))
        return false;
    if (f->by_us < f->timers->now_us)
        f->by_us = f->timers->now_us;
    f->taken_us = f->timers->now_us;
    return true;
}

/* Clients take the rest of their output: one did within the last second. */
static bool is_taken(struct farewell *f)
{
    uint64_t now = f->timers->now_us;
    size_t left = peers_output(f->peers);
    if (left != f->untaken)
        f->taken_us = now;
    f->untaken = left;
    return left && now < f->by_us + FLUSH_MS * 1000ull && now < f->taken_us + FLUSH_MS * 1000ull;
}

static bool is_done(const struct farewell *f)
{
    return !f->is_done || f->is_done(f->arg);
}

static void go_on_taking(struct farewell *f)
{
    if (is_telling(f) || is_taken(f))
        timer_set_ms(f->timers, &f->timer, LAST_WORDS_MS);
    else if (!is_done(f))
        f->give_up(f->arg);
    else
        peers_close(f->peers);
}

static void on_timer(void *arg)
{
    struct farewell *f = arg;
    if (f->phase == FAREWELL_HEARING && f->timers->now_us < f->hear_by_us)
        go_on_hearing(f);
    else if (f->phase == FAREWELL_HEARING)
        begin_taking(f);
    else if (f->phase == FAREWELL_TAKING)
        go_on_taking(f);
}

void farewell_turn(struct farewell *f)
{
    if (f->phase == FAREWELL_HEARING && !f->peers->reading) {
        begin_taking(f);
        conn_loop_chores(f->loop);
    }
    if (f->phase == FAREWELL_TAKING && TAILQ_EMPTY(&f->peers->list) && is_done(f)) {
        f->phase = FAREWELL_OVER;
        timer_clear(f->timers, &f->timer);
    }
}

void farewell_init(struct farewell *f)
{
    timer_init(&f->timer, on_timer, f);
}

void farewell_free(struct farewell *f)
{
    timer_clear(f->timers, &f->timer);
}

void farewell_begin(struct farewell *f)
{
    if (f->phase == FAREWELL_NONE)
        begin_hearing(f);
}

void farewell_hurry(struct farewell *f)
{
    if (f->hurried)
        return;
    f->hurried = true;
    if (f->phase == FAREWELL_TAKING)
        begin_taking(f);
    else if (f->phase != FAREWELL_OVER)
        begin_hearing(f);
}
