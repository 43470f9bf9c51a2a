/* kept_world: see kept_world.h. */
#include "tests/unit/queue/kept/kept_world.h"

#include <stdarg.h>

enum { TOLD_MAX = 1 << 16 };

struct timers timers;
struct payload_budget budget;
struct engine engine;
struct keep_settings settings;
struct keep *keep;
struct test_follower followers[FOLLOWERS];
bool silent;
int64_t wall_offset_ms;
struct world_hooks hooks;

static char told_text[TOLD_MAX];
static size_t told_len;

__attribute__((format(printf, 1, 2))) static void tell(const char *fmt, ...)
{
    va_list args;
    if (silent)
        return;
    if (told_len)
        told_len += (size_t)sprintf(told_text + told_len, ", ");
    va_start(args, fmt);
    told_len += (size_t)vsnprintf(told_text + told_len, 200, fmt, args);
    va_end(args);
    hot_assert(told_len < TOLD_MAX - 400);
}

void ck_told_at(const char *file, int line, const char *expected)
{
    if (strcmp(told_text, expected) != 0)
        ck_abort_msg("%s:%d: told \"%s\", expected \"%s\"", file, line, told_text, expected);
    told_len = 0;
    told_text[0] = '\0';
}

/* --- the master --- */

static void op_submit(void *arg, struct kept *job)
{
    (void)arg;
    hot_assert(keep_handed(keep, kept_seq(job)) == job);
    hot_assert(row(kept_seq(job))->run.state == STORED_HANDED);
    hot_assert(job->input || !job->stored->input.size);
    if (job->stored->run.attempt == 1)
        tell("submit q%ju", (uintmax_t)kept_seq(job));
    else
        tell("submit q%ju again %u", (uintmax_t)kept_seq(job), job->stored->run.attempt);
    if (hooks.submit)
        hooks.submit(job);
}

static void op_stop(void *arg, struct kept *job, bool kill)
{
    (void)arg;
    tell("%s q%ju", kill ? "kill" : "stop", (uintmax_t)kept_seq(job));
    if (hooks.stop)
        hooks.stop(job, kill);
}

static const struct kept_master_ops master_ops = {.submit = op_submit, .stop = op_stop};

void master_up(const char *boot)
{
    keep_master_up(
        keep, &(struct kept_master_about){
                  .boot = boot, .payload_max = 1 << 20, .job_max = 100000, .kill_grace_ms = 5000});
    turn();
}

/* --- followers --- */

static void tell_ended(const struct test_follower *to, const struct kept *job)
{
    const struct stored_outcome *outcome = &job->stored->outcome;
    const struct stored_job *stored = row(kept_seq(job));
    hot_assert(!stored || stored->run.state == STORED_ENDED); /* told after it is written */
    if (outcome->is_done)
        tell("%c done q%ju", to->name, (uintmax_t)kept_seq(job));
    else
        tell("%c failed q%ju %s", to->name, (uintmax_t)kept_seq(job), outcome->reason);
}

static void tell_refused(const struct test_follower *to, const struct kept_event *event)
{
    static const char *const names[] = {
        [KEPT_QUEUE_FULL] = "queue-full",
        [KEPT_CLIENT_QUOTA] = "client-quota",
        [KEPT_STORAGE] = "storage",
        [KEPT_KEY_CONFLICT] = "key-conflict",
    };
    if (event->refusal == KEPT_KEY_CONFLICT)
        tell("%c refused key-conflict q%ju", to->name, (uintmax_t)event->other);
    else
        tell("%c refused %s", to->name, names[event->refusal]);
}

static void tell_event(const struct test_follower *to, const struct kept_event *event)
{
    uintmax_t seq = event->job ? kept_seq(event->job) : 0;
    switch (event->type) {
    case KEPT_EVENT_ACCEPTED:
        hot_assert(row(seq) || event->joined); /* to an outcome that is over by now */
        tell("%c accepted q%ju%s", to->name, seq, event->joined ? " joined" : "");
        break;
    case KEPT_EVENT_STARTED:
        tell("%c started q%ju", to->name, seq);
        break;
    case KEPT_EVENT_PROGRESS:
        tell("%c progress q%ju", to->name, seq);
        break;
    case KEPT_EVENT_RETRY:
        tell("%c retry q%ju %u %s %ju", to->name, seq, event->attempt, event->reason,
             (uintmax_t)event->delay_ms);
        break;
    case KEPT_EVENT_ENDED:
        tell_ended(to, event->job);
        break;
    case KEPT_EVENT_REFUSED:
        tell_refused(to, event);
        break;
    case KEPT_EVENT_GONE:
        tell("%c gone", to->name);
        break;
    case KEPT_EVENT_LEFT:
        tell("%c left q%ju%s", to->name, seq, event->fields);
        break;
    }
}

static void on_event(struct kept_follower *follower, const struct kept_event *event)
{
    struct test_follower *to = (struct test_follower *)follower;
    hot_assert(event->type == KEPT_EVENT_REFUSED || event->type == KEPT_EVENT_GONE || event->job);
    hot_assert((event->type == KEPT_EVENT_ENDED || event->type == KEPT_EVENT_REFUSED ||
                event->type == KEPT_EVENT_LEFT || event->type == KEPT_EVENT_GONE ||
                (event->type == KEPT_EVENT_ACCEPTED && follower->is_detached)) == !follower->job);
    to->ends += !follower->job;
    tell_event(to, event);
    if (hooks.event)
        hooks.event(to, event);
}

/* --- the world --- */

uint64_t wall_ms(void)
{
    return (uint64_t)((int64_t)(WALL_START_MS + timers.now_us / 1000) + wall_offset_ms);
}

static uint64_t fixed_random(void)
{
    return 200; /* retry delays are as wished */
}

const struct keep_settings usual_settings = {
    .job_max = 1000000,
    .window = 32,
    .poison_limit = 3,
    .hold_max_ms = 3600000,
    .ack_ms = 60000,
    .result_ttl_ms = 86400000,
    .failed_ttl_ms = 604800000,
};

void open_keep(void)
{
    keep = keep_new(&(struct keep_parts){.timers = &timers,
                                         .wall_ms = wall_ms,
                                         .random = fixed_random,
                                         .payloads = &budget,
                                         .output = &budget,
                                         .engine_ops = &fake_engine_ops,
                                         .engine = &engine,
                                         .master = &master_ops,
                                         .settings = &settings});
}

void open_world(void)
{
    quiet_log();
    budget = (struct payload_budget){.max = UINT64_MAX};
    if (!settings.window)
        settings = usual_settings;
    wall_offset_ms = 0;
    timers_init(&timers, 1000000);
    fake_engine_init(&engine);
    for (size_t i = 0; i < FOLLOWERS; i++)
        followers[i] = (struct test_follower){.name = (char)('a' + i), .follower.event = on_event};
    open_keep();
    settle();
    master_up("k1");
    settle();
    ck_told("");
}

void close_keep(void)
{
    keep_free(keep);
    keep = NULL;
}

void close_world(void)
{
    fake_engine_crash(&engine);
    close_keep();
    fake_engine_free(&engine);
    timers_free(&timers);
    hot_assert(budget.held == 0);
}

void crash(void)
{
    fake_engine_crash(&engine);
    close_keep();
    open_keep();
}

struct stored_job *row(uint64_t seq)
{
    return fake_engine_find(&engine, seq);
}

void turn(void)
{
    timers_run(&timers);
    fake_engine_answer_all(&engine);
    keep_turn(keep);
}

void settle(void)
{
    do
        turn();
    while (keep_busy_count(keep));
    turn();
}

void pass_ms(uint64_t ms)
{
    while (ms) {
        uint64_t step = ms < 1000 ? ms : 1000;
        timers_turn(&timers, timers.now_us + step * 1000);
        settle();
        ms -= step;
    }
}

/* --- calls --- */

void submit_as(char name, struct wish wish)
{
    struct test_follower *follower = &followers[name - 'a'];
    const char *input = wish.input ? wish.input : "hi";
    wish.wish.module = wish.wish.module ? wish.wish.module : "echo";
    wish.wish.owner = wish.wish.owner ? wish.wish.owner : "";
    wish.wish.id = wish.wish.id ? wish.wish.id : "1";
    struct stored_job *stored = stored_job_new(&wish.wish);
    stored->run.due_ms = wish.delay_ms ? wall_ms() + wish.delay_ms : wish.due_ms;
    follower->follower.wants = wish.wants;
    follower->follower.is_submit = true;
    follower->follower.is_detached = wish.wish.is_detached;
    keep_submit(keep, stored, *input ? payload_from(&budget, input, strlen(input)) : NULL,
                &follower->follower);
}

static void on_answer(struct kept_ask *ask, enum kept_answer answer, struct kept *job)
{
    static const char *const names[] = {
        [KEPT_ANSWER_OK] = "ok",
        [KEPT_ANSWER_UNKNOWN] = "unknown",
        [KEPT_ANSWER_DENIED] = "denied",
        [KEPT_ANSWER_NOT_YET] = "not-yet",
        [KEPT_ANSWER_NOT_FAILED] = "not-failed",
        [KEPT_ANSWER_KEY_CONFLICT] = "key-conflict",
    };
    if (answer == KEPT_ANSWER_KEY_CONFLICT)
        tell("key-conflict q%ju", (uintmax_t)ask->other);
    else if (job)
        tell("%s q%ju", names[answer], (uintmax_t)kept_seq(job));
    else
        tell("%s", names[answer]);
}

void asks_in_flight(struct kept_ask *ask, enum kept_ask_kind kind, uint64_t seq)
{
    *ask = (struct kept_ask){.kind = kind,
                             .seq = seq,
                             .with_input = true,
                             .by = ",\"by\":\"client\"",
                             .answered = on_answer};
    keep_ask(keep, ask);
}

void asks(enum kept_ask_kind kind, uint64_t seq)
{
    struct kept_ask ask;
    asks_in_flight(&ask, kind, seq);
    settle();
    ck_assert_ptr_null(ask.of);
}

void waits(char name, uint64_t seq)
{
    struct test_follower *follower = &followers[name - 'a'];
    struct kept_ask ask = {.kind = KEPT_ASK_FOLLOW,
                           .seq = seq,
                           .follower = &follower->follower,
                           .answered = on_answer};
    follower->follower.is_submit = follower->follower.is_detached = false;
    keep_ask(keep, &ask);
    settle();
    ck_assert_ptr_null(ask.of);
}

static struct kept *handed(uint64_t seq)
{
    struct kept *job = keep_handed(keep, seq);
    ck_assert_msg(job != NULL, "q%ju is not with the master", (uintmax_t)seq);
    return job;
}

void starts(uint64_t seq)
{
    kept_on_started(handed(seq), ",\"order\":1");
    settle();
}

void ends(uint64_t seq, struct kept_end end)
{
    end.message = end.message ? end.message : "why";
    end.fields = end.fields ? end.fields : ",\"message\":\"why\"";
    if (!end.delay_ms)
        end.delay_ms = -1;
    kept_on_end(handed(seq), &end);
    settle();
}

void done(uint64_t seq)
{
    ends(seq, (struct kept_end){.type = KEPT_END_DONE,
                                .has_order = true,
                                .result = payload_from(&budget, "result", 6)});
}

void fails(uint64_t seq, const char *reason)
{
    ends(seq, (struct kept_end){.type = KEPT_END_FAILED, .reason = reason});
}
