/* redis_check: see redis_check.h. */
#include "queue/redis/redis_check.h"

#include "base/random.h"
#include "net/conn.h"
#include "net/loop.h"
#include "queue/redis/redis_calls.h"
#include "queue/redis/scripts.h"

#include <inttypes.h>
#include <string.h>

enum {
    PART_JOBS = 200,        /* of a call: about 2 ms of Redis */
    CURSOR_MAX = 64,        /* bytes */
    TOLD_MAX = 1000,        /* faults */
    ANSWERS_MAX = 16 << 20, /* bytes of answers */
};

/* Items of an answer. */
enum { STATUS, CURSOR, JOBS, FAULTS };

struct check {
    struct loop loop;
    struct conn_loop conns;
    struct payload_budget budget;
    struct redis_calls *calls;
    struct timer late; /* Redis is not waited for any longer */
    FILE *out;
    uint64_t jobs, faults;
    char cursor[CURSOR_MAX + 1];
    bool is_over, is_whole;
    const char *why; /* not whole, after the first call */
};

static void tell_faults(struct check *check, const struct redis_reply *list)
{
    for (size_t i = 0; i < list->count; i++) {
        size_t len;
        const char *text = redis_reply_text_at(list, i, &len);
        if (++check->faults <= TOLD_MAX)
            fprintf(check->out, "%.*s\n", (int)len, text);
    }
}

static void ask(struct check *check);

static void on_answer(void *arg, const struct redis_answer *answer)
{
    struct check *check = arg;
    size_t len;
    const char *cursor = redis_reply_text_at(answer->reply, CURSOR, &len);
    check->is_over = true;
    if (answer->end != REDIS_ANSWERED || len > CURSOR_MAX) {
        check->why = answer->end == REDIS_FAILED ? "a script has failed; the log tells more"
                                                 : "an answer did not come in time";
        return;
    }
    memcpy(check->cursor, cursor, len);
    check->cursor[len] = '\0';
    check->jobs += redis_reply_number_at(answer->reply, JOBS);
    tell_faults(check, redis_reply_at(answer->reply, FAULTS));
    check->is_whole = !len;
    if (len)
        ask(check);
}

static void ask(struct check *check)
{
    static const struct redis_call_kind kind = {.done = on_answer, .has_deadline = true};
    struct redis_call *call = redis_call_new(check->calls, &redis_scripts[REDIS_SCRIPT_CHECK], 0);
    redis_call_text(call, check->cursor);
    redis_call_number(call, PART_JOBS);
    redis_call_post(call, &kind, check);
    check->is_over = false;
}

/* A connection that was lost is there again: the call under way is sent again by itself. */
static void on_up(void *arg)
{
    struct check *check = arg;
    if (timer_is_set(&check->late))
        ask(check);
    timer_clear(&check->loop.timers, &check->late);
}

static void on_down(void *arg, const char *why)
{
    (void)arg, (void)why;
}

static void on_late(void *arg)
{
    struct check *check = arg;
    check->is_over = true;
}

/* --- the loop --- */

static void open_loop(struct check *check)
{
    loop_open(&check->loop);
    check->budget.max = ANSWERS_MAX;
    conn_loop_init(&check->conns, check->loop.base, &check->loop.timers, &check->budget,
                   &check->budget);
    timer_init(&check->late, on_late, check);
}

static void close_loop(struct check *check)
{
    if (check->calls)
        redis_calls_free(check->calls);
    conn_loop_chores(&check->conns);
    timer_clear(&check->loop.timers, &check->late);
    conn_loop_free(&check->conns);
    loop_close(&check->loop);
}

static void run(struct check *check, const struct redis_settings *settings)
{
    redis_calls_start(check->calls);
    timer_set_ms(&check->loop.timers, &check->late, settings->timeout_ms);
    while (!check->is_over) {
        loop_turn(&check->loop);
        redis_calls_flush(check->calls);
        conn_loop_chores(&check->conns);
    }
}

/* --- the verdict --- */

static enum store_health tell(const struct check *check, const struct redis_settings *settings)
{
    struct redis_calls_view view = redis_calls_view(check->calls);
    const char *why = check->why ? check->why : view.why;
    if (!check->is_whole) {
        fprintf(check->out, "Redis cannot be asked: %s\n", why ? why : "it does not answer");
        return STORE_UNOPENED;
    }
    fprintf(check->out, "jobs: %" PRIu64 "; Redis %s at %s\n", check->jobs, view.version,
            view.server ? view.server : "-");
    if (check->faults)
        fprintf(check->out, "redis-prefix %s faults: %" PRIu64 "\n", settings->prefix,
                check->faults);
    else
        fprintf(check->out, "redis-prefix %s the store is sound\n", settings->prefix);
    return check->faults ? STORE_BROKEN : STORE_SOUND;
}

enum store_health redis_check(const struct redis_settings *settings, FILE *out)
{
    static struct check check;
    char error[256];
    enum store_health health = STORE_UNOPENED;
    check = (struct check){.out = out};
    open_loop(&check);
    const struct redis_calls_parts parts = {.loop = &check.conns,
                                            .random = random_number,
                                            .settings = settings,
                                            .scripts = redis_scripts,
                                            .script_count = REDIS_SCRIPTS,
                                            .up = on_up,
                                            .down = on_down,
                                            .arg = &check};
    check.calls = redis_calls_new(&parts, error, sizeof error);
    if (check.calls) {
        run(&check, settings);
        health = tell(&check, settings);
    } else {
        fprintf(out, "%s\n", error);
    }
    close_loop(&check);
    return health;
}
