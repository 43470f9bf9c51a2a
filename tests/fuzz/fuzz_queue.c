/*
 * fuzz_queue: the whole of taskqueued but its disk and its master. Clients' connections, sessions
 * and the keep are those of production; the store is a list in memory, and the master a table of
 * calls.
 *
 * The input is a list of steps: clients act (queue_callers.c), the master acts (queue_master.c),
 * the store answers, time passes, the process is killed and starts again. An accepted job is never
 * lost, and its outcome is told only once the store has it. At the end no session, timer, operation
 * or byte of a payload may be left.
 */
#include "queue_callers.h"
#include "queue_master.h"
#include "queue_store.h"
#include "queue_world.h"

#include "common/xmalloc.h"

#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __wrap_log_emit(enum log_level level, const char *event, const struct log_field *fields);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);

enum {
    OUTPUT_PAUSE = 8000, /* unread bytes of a client's output that pause reading from it */
    STEPS_MAX = 400,
    ROUNDS_MAX = 2000,
    QUIET_ROUNDS = 5,
    TURN_US = 1000000,
    WALL_START_S = 1700000000,
};

struct timers timers;
struct payload_budget budget, output;
struct engine *engine;
struct keep *keep;
struct queue_clients clients;
uint64_t clock_now_us;
struct book_job book[BOOK_JOBS];

static struct event_base *base;
static struct conn_loop loop;
static struct keep_settings keep_settings;
static struct peers_settings peers_settings;
static struct access_settings access_settings;
static bool drained; /* nothing is handed on any more */
static struct queue_inquiry *inquiries[64];
static size_t inquiry_count;

/* --- the system --- */

void __wrap_log_emit(enum log_level level, const char *event, const struct log_field *fields)
{
    (void)level, (void)event, (void)fields;
}

/* The wall clock is the monotonic one, and begins later. */
int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
    ts->tv_sec = (time_t)(clock_now_us / 1000000) + (id == CLOCK_REALTIME ? WALL_START_S : 0);
    ts->tv_nsec = (long)(clock_now_us % 1000000 * 1000);
    return 0;
}

static uint64_t wall_ms(void)
{
    return WALL_START_S * 1000ull + clock_now_us / 1000;
}

static uint64_t fixed_random(void)
{
    return 200; /* retry delays are as wished */
}

/* --- the books --- */

struct book_job *book_named(const char *name)
{
    unsigned long seq = name && *name == 'q' ? strtoul(name + 1, NULL, 10) : 0;
    return seq && seq < BOOK_JOBS ? &book[seq] : NULL;
}

/* The store does an operation. */
static void note(const struct store_op *op)
{
    if (op->kind == STORE_ENDED && fake_engine_find(engine, op->job->seq))
        book[op->job->seq].has_ended = true;
}

/* An accepted job that has not ended is in the store. */
static void check_books(void)
{
    for (uint64_t seq = 1; seq < BOOK_JOBS; seq++)
        bug_on(book[seq].accepted && !book[seq].has_ended && !fake_engine_find(engine, seq));
}

/* --- questions to the daemon --- */

static void on_inquiry(void *arg, struct queue_inquiry *inquiry)
{
    (void)arg;
    bug_on(inquiry_count == sizeof inquiries / sizeof *inquiries);
    inquiry->pending = inquiry;
    inquiries[inquiry_count++] = inquiry;
}

static void on_inquiry_forgotten(void *arg, struct queue_inquiry *inquiry)
{
    (void)arg;
    for (size_t i = 0; i < inquiry_count; i++)
        if (inquiries[i] == inquiry)
            inquiries[i] = inquiries[--inquiry_count];
}

static void answer_inquiries(void)
{
    while (inquiry_count) {
        struct queue_inquiry *inquiry = inquiries[--inquiry_count];
        struct queue_inquiry_answer answer = {.code = "unavailable", .message = "no master"};
        if (inquiry->kind == INQUIRY_STATS)
            answer.payload = payload_from(&output, "{}", 2);
        inquiry->pending = NULL;
        inquiry->answered(inquiry, &answer);
        if (answer.payload)
            payload_unref(answer.payload);
    }
}

/* --- the operator's requests --- */

static bool on_reload(void *arg, struct control_reload *told)
{
    (void)arg;
    *told = (struct control_reload){.fault = NULL};
    return false;
}

static void on_reopen(void *arg, const char *who, struct control_reopen *told)
{
    (void)arg, (void)who;
    *told = (struct control_reopen){.fault = NULL};
}

static enum log_level on_log_level(void *arg, enum log_level level)
{
    (void)arg, (void)level;
    return LOG_DEBUG;
}

static void drain(void)
{
    if (drained)
        return;
    drained = true;
    peers_tell_draining(&clients.peers);
    keep_drain(keep);
}

static void on_drain(void *arg, const char *who, enum control_waiting waiting)
{
    (void)arg, (void)who, (void)waiting;
    drain();
}

/* --- the loop --- */

/* `answers`: of the store. */
static void turn(size_t answers)
{
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    timers_turn(&timers, clock_now_us);
    timers_run(&timers);
    while (answers-- && fake_engine_answer(engine))
        ;
    answer_inquiries();
    keep_turn(keep);
    conn_loop_chores(&loop);
    callers_read();
}

static void check(void)
{
    bug_on(clients.peers.connected > peers_settings.client_max);
    bug_on(engine->next_seq >= BOOK_JOBS);
}

/* --- the process --- */

static void begin_process(void)
{
    conn_loop_init(&loop, base, &timers, &budget, &output);
    keep = keep_new(&(struct keep_parts){.timers = &timers,
                                         .wall_ms = wall_ms,
                                         .random = fixed_random,
                                         .payloads = &budget,
                                         .output = &output,
                                         .engine_ops = &fake_engine_ops,
                                         .engine = engine,
                                         .master = &queue_master_ops,
                                         .settings = &keep_settings});
    clients = (struct queue_clients){
        .peers = {.loop = &loop, .boot = "boot"},
        .keep = keep,
        .settings = &keep_settings,
        .inquiry = {.ask = on_inquiry, .forget = on_inquiry_forgotten},
    };
    clients.peers.control =
        (struct peers_control){NULL, on_reload, on_reopen, on_log_level, on_drain};
    queue_clients_init(&clients);
    peers_configure(&clients.peers, &peers_settings, &access_settings);
    clients.peers.limits.authenticated.output_pause = OUTPUT_PAUSE;
    engine->looked_at = note;
    drained = false;
}

/* The order is the daemon's. Operations in progress are done and answered. */
static void end_process(void)
{
    peers_close(&clients.peers);
    while (!TAILQ_EMPTY(&clients.peers.list)) { /* in batches */
        timers_run(&timers);
        conn_loop_chores(&loop);
    }
    queue_clients_free(&clients);
    queue_master_go();
    keep_drain(keep);
    do
        keep_turn(keep);
    while (fake_engine_answer_all(engine) || keep_has_work(keep) || keep_busy_count(keep));
    keep_free(keep);
    bug_on(budget.held || budget.arriving_held || output.held || inquiry_count);
    conn_loop_free(&loop);
    bug_on(timers.set.count);
}

/* The process dies, and another one starts. What the dying one still does is lost. */
static void die(void)
{
    struct engine *before = engine, *left = xcalloc(1, sizeof *left);
    queue_store_copy(left, before);
    before->looked_at = NULL;
    callers_lose();
    end_process();
    fake_engine_free(before);
    free(before);
    engine = left;
    begin_process();
    check_books();
}

/* --- one input --- */

/* Half of the clients have a name, and few rights. */
static void add_tokens(void)
{
    struct token_set *tokens = &access_settings.tokens;
    token_set_add(tokens, CALLERS_TOKEN_ALL);
    token_set_add_grant(tokens, CALLERS_TOKEN_WEB,
                        (struct grant){.name = xstrdup("web"), .rights = RIGHT_SUBMIT});
}

static void configure(struct input *input)
{
    keep_settings = (struct keep_settings){
        .job_max = 2u + input_take(input) % 30u,
        .owner_job_max = input_take(input) % 30u,
        .window = 1u + input_take(input) % 8u,
        .poison_limit = 1u + input_take(input) % 4u,
        .hold_max_ms = 20000,
        .ack_ms = 500,
        .result_ttl_ms = 20000,
        .failed_ttl_ms = 50000,
    };
    peers_settings = (struct peers_settings){
        .client_max = 3,
        .monitor_max = 10,
        .hello_timeout_ms = 1000000,
        .header_timeout_ms = 1000000,
        .payload_timeout_ms = 1000000,
        .output_timeout_ms = 2000,
        .linger_ms = 300,
        .payload_max = 20000,
        .payload_total_max = 50000,
        .output_total_max = 100000,
    };
    if (!access_settings.tokens.count)
        add_tokens();
    budget = (struct payload_budget){.max = peers_settings.payload_total_max};
    output = (struct payload_budget){.max = peers_settings.output_total_max};
}

static void set_up(struct input *input)
{
    clock_now_us = 1000000;
    memset(book, 0, sizeof book);
    inquiry_count = 0;
    configure(input);
    callers_reset();
    queue_master_reset();
    base = event_base_new();
    timers_init(&timers, clock_now_us);
    engine = xcalloc(1, sizeof *engine);
    fake_engine_init(engine);
    begin_process();
}

static void tear_down(void)
{
    end_process();
    check_books();
    callers_leave();
    fake_engine_free(engine);
    free(engine);
    timers_free(&timers);
    event_base_free(base);
}

static void step(struct input *input)
{
    uint8_t what = input_take(input);
    switch (what % 12) {
    case 0:
    case 1:
    case 2:
    case 3:
        callers_act(input);
        break;
    case 4:
    case 5:
    case 6:
        queue_master_act(input);
        break;
    case 7:
        clock_now_us += what < 128 ? input_take(input) * 100u : input_take(input) * 20000u;
        turn(SIZE_MAX);
        break;
    case 8:
        engine->is_full = what & 128;
        turn(what >> 4 & 3);
        break;
    case 9:
        if (what < 24)
            die();
        else
            turn(0);
        break;
    default:
        turn(SIZE_MAX);
    }
}

/* Nothing stands in the way of the jobs any more. */
static void good_round(void)
{
    engine->is_full = false;
    callers_go_on();
    queue_master_go_on();
    clock_now_us += TURN_US;
    turn(SIZE_MAX);
    check();
}

static void on_resumed(void *arg, bool is_stored)
{
    (void)is_stored;
    (void)arg;
}

static void resume(void)
{
    static const char *const modules[] = {NULL, "echo", "wc", "none"};
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        if (keep_is_paused(keep, modules[i]))
            keep_pause(keep, modules[i], false, on_resumed, NULL);
}

static bool all_have_ended(void)
{
    return !keep_busy_count(keep) && !fake_engine_count(engine, STORED_WAITING) &&
           !fake_engine_count(engine, STORED_DELAYED) && !fake_engine_count(engine, STORED_HANDED);
}

static void settle(void)
{
    int quiet = 0; /* rounds in a row: the last bytes may still be on their way */
    if (drained)
        die();
    for (int i = 0; i < ROUNDS_MAX && quiet < QUIET_ROUNDS; i++) {
        resume(); /* a client may still ask for a pause */
        good_round();
        quiet = callers_are_done() && all_have_ended() ? quiet + 1 : 0;
        if (drained) /* a client may still ask for a drain */
            die();
    }
    bug_on(quiet < QUIET_ROUNDS);
}

/* The end of the daemon. `ending`: its patience. */
static void leave(unsigned ending)
{
    drain();
    for (int i = 0; i < ROUNDS_MAX && keep_handed_count(keep); i++)
        good_round();
    bug_on(keep_handed_count(keep));
    queue_clients_leave(&clients);
    peers_listen(&clients.peers);
    if (ending & 8)
        good_round();
    peers_end_silent(&clients.peers);
    peers_end(&clients.peers);
    bug_on(clients.peers.reading);
    if (ending & 4)
        peers_close(&clients.peers);
    for (int i = 0; i < ROUNDS_MAX && !TAILQ_EMPTY(&clients.peers.list); i++)
        good_round();
    bug_on(!TAILQ_EMPTY(&clients.peers.list));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    unsigned ending = size ? data[size - 1] : 0;
    set_up(&input);
    for (int i = 0; input.left && i < STEPS_MAX; i++) {
        step(&input);
        check();
    }
    if ((ending & 0xf0) != 0xf0)
        settle();
    if (ending & 2)
        leave(ending);
    tear_down();
    return 0;
}
