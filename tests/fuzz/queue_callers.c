/* queue_callers: see queue_callers.h. */
#include "queue_callers.h"

#include "queue_world.h"
#include "session_bytes.h"

#include "common/json_load.h"
#include "common/limits.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CALLERS = 4,
    IDS = 200, /* submits and waits of one client */
    OUT_MAX = 64 * 1024,
    IN_MAX = 256 * 1024,
    SEND_BUFFER = 4096, /* of the queue's sockets to clients; small, so that clients can be slow */
    LARGE = 5000,       /* bytes: more than the master takes */
};

struct caller {
    int fd; /* -1: none */
    bool clean, reading, was_lazy, half_closed, fatal, ended, greeted, bye;
    struct buffer out, in;
    unsigned ids, asked, answered;
    unsigned char ends[IDS];
    bool detached[IDS]; /* a submit that ends with accepted */
};

static struct caller callers[CALLERS];

void callers_reset(void)
{
    for (int i = 0; i < CALLERS; i++)
        callers[i] = (struct caller){.fd = -1};
}

static void come(struct caller *caller)
{
    struct sockaddr addr = {.sa_family = AF_UNIX};
    int pair[2], room = SEND_BUFFER;
    make_pair(pair);
    bug_on(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room) < 0);
    *caller = (struct caller){.fd = pair[1], .clean = true, .reading = true};
    caller->out.max = OUT_MAX;
    caller->in.max = IN_MAX;
    peers_accept(&clients.peers, pair[0], &addr, sizeof addr.sa_family);
}

static void leave(struct caller *caller)
{
    if (caller->fd >= 0)
        close(caller->fd);
    caller->fd = -1;
    buffer_free(&caller->out);
    buffer_free(&caller->in);
}

static void flush_caller(struct caller *caller, size_t most)
{
    size_t len = caller->out.len < most ? caller->out.len : most;
    if (!len || caller->fd < 0 || caller->half_closed)
        return;
    ssize_t n = send(caller->fd, caller->out.data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0)
        buffer_drop(&caller->out, (size_t)n);
    else if (n < 0 && errno != EAGAIN)
        caller->ended = true;
}

/* --- events --- */

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

/* The books know of the job before its client does. A submit may end alone, by a cancel. */
static void look_up(const char *name, const json_t *event)
{
    static const char *const cancelled[] = {"cancelled", NULL};
    struct book_job *job = book_named(json_string_value(json_object_get(event, "job")));
    const char *reason = json_string_value(json_object_get(event, "reason"));
    if (!job)
        return;
    if (strcmp(name, "accepted") == 0)
        job->accepted = true;
    else if (strcmp(name, "done") == 0 ||
             (strcmp(name, "failed") == 0 && reason && !is_one_of(reason, cancelled)))
        bug_on(!job->has_ended);
}

static bool ends_detached(const struct caller *caller, const char *name, json_int_t id)
{
    return strcmp(name, "accepted") == 0 && id >= 0 && id < IDS && caller->detached[id];
}

/* Events that nobody asked for by a request of their own. */
static bool is_news(const char *name)
{
    static const char *const names[] = {"accepted", "started",  "progress", "retry",
                                        "watch",    "down",     "done",     "failed",
                                        "draining", "overload", NULL};
    return is_one_of(name, names);
}

static void take_answer(struct caller *caller, const char *name)
{
    if (!is_news(name))
        caller->answered++;
    bug_on(caller->clean && !caller->fatal && caller->answered > caller->asked);
}

static void take_event(struct caller *caller, const json_t *event)
{
    static const char *const last[] = {"done", "failed", "overload", NULL};
    const char *name = json_string_value(json_object_get(event, "event"));
    const char *op = json_string_value(json_object_get(event, "op"));
    const json_t *id = json_object_get(event, "id");
    json_int_t number = json_is_integer(id) ? json_integer_value(id) : -1;
    bool follows = op && (strcmp(op, "submit") == 0 || strcmp(op, "wait") == 0);
    bool end = is_one_of(name, last) || (strcmp(name, "error") == 0 && follows) ||
               ends_detached(caller, name, number);
    caller->fatal |= json_is_true(json_object_get(event, "fatal"));
    look_up(name, event);
    if (!caller->clean || caller->fatal)
        return;
    if (!end) {
        take_answer(caller, name);
        return;
    }
    bug_on(number < 0 || number >= caller->ids);
    bug_on(caller->ends[number]++);
}

/* Takes one event with its payload. False if no event is whole. */
static bool next_event(struct caller *caller)
{
    const char *lf = caller->in.len ? memchr(caller->in.data, '\n', caller->in.len) : NULL;
    if (!lf) {
        bug_on(caller->in.len >= HEADER_MAX);
        return false;
    }
    size_t len = (size_t)(lf - caller->in.data);
    bug_on(len + 1 > HEADER_MAX);
    json_error_t error;
    json_t *event = json_load_any(caller->in.data, len, JSON_REJECT_DUPLICATES, &error);
    bug_on(!event);
    json_int_t size = json_integer_value(json_object_get(event, "size"));
    bug_on(size < 0);
    bool whole = caller->in.len - len - 1 >= (size_t)size;
    if (whole) {
        take_event(caller, event);
        buffer_drop(&caller->in, len + 1 + (size_t)size);
    }
    json_decref(event);
    return whole;
}

static void read_caller(struct caller *caller)
{
    if (caller->fd < 0 || !caller->reading)
        return;
    if (!buffer_receive(caller->fd, &caller->in))
        caller->ended = true;
    while (next_event(caller))
        ;
}

void callers_read(void)
{
    for (int i = 0; i < CALLERS; i++)
        read_caller(&callers[i]);
}

/* --- requests --- */

__attribute__((format(printf, 2, 3))) static void say(struct caller *caller, const char *fmt, ...)
{
    char line[512];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    buffer_append(&caller->out, line, (size_t)n);
}

static void greet(struct caller *caller)
{
    caller->greeted = true;
    caller->asked++;
    say(caller, "{\"op\":\"hello\",\"protocol\":1,\"client\":\"c\",\"token\":\"%s\"}\n",
        (caller - callers) % 2 ? CALLERS_TOKEN_WEB : CALLERS_TOKEN_ALL);
}

/* What the queue adds to a submit. */
static void say_wishes(struct caller *caller, struct input *input)
{
    uint8_t what = input_take(input), more = input_take(input);
    if (what & 1)
        say(caller, ",\"key\":\"k%u\"", more % 3u);
    if (what & 2)
        say(caller, ",\"retries\":%u,\"retry_delay_ms\":%u", more % 4u, more * 2u);
    if (what & 4)
        say(caller, ",\"retry_on\":[\"error\",\"module\",\"expired\"]");
    if (what & 8)
        say(caller, ",\"delay_ms\":%u", more * 20u);
    if (what & 16)
        say(caller, ",\"max_wait_ms\":%u", 1u + more * 10u);
    if (what & 32)
        say(caller, ",\"priority\":%u", more % 10u);
    if (what & 64)
        say(caller, ",\"ttl_ms\":%u", 1u + more * 50u);
    if (what & 128)
        say(caller, ",\"context\":{\"a\":[1.50]},\"timeout_ms\":%u", 1u + more);
}

static void submit(struct caller *caller, struct input *input)
{
    static const char *const names[] = {"echo", "wc", "none", "echo"};
    static const char notify[] =
        ",\"notify\":[\"accepted\",\"started\",\"progress\",\"retry\",\"usage\"]";
    static const char *const ties[] = {"", ",\"link\":true", ",\"link\":\"on-failure\"", notify};
    static char payload[LARGE];
    uint8_t what = input_take(input);
    unsigned size = what & 1 ? input_take(input) : 0, id = caller->ids;
    size = size == 255 ? LARGE : size;
    if (id == IDS || caller->out.max - caller->out.len < 2048 + size)
        return;
    caller->ids++;
    say(caller, "{\"op\":\"submit\",\"id\":%u,\"module\":\"%s\"", id, names[what >> 1 & 3]);
    caller->detached[id] = what & 8;
    say(caller, "%s", what & 8 ? ",\"detach\":true" : ties[what >> 4 & 3]);
    if (what & 64)
        say_wishes(caller, input);
    if (size)
        say(caller, ",\"size\":%u", size);
    say(caller, "}\n");
    memset(payload, what & 128 ? 'b' : 'a', size);
    buffer_append(&caller->out, payload, size);
}

static void wait_for(struct caller *caller, struct input *input)
{
    uint8_t what = input_take(input), job = input_take(input);
    unsigned id = caller->ids;
    if (id == IDS)
        return;
    caller->ids++;
    say(caller, "{\"op\":\"wait\",\"id\":%u,\"job\":\"q%u\"", id, job % 32u);
    if (what & 1)
        say(caller, ",\"timeout_ms\":%u", what * 8u);
    if (what & 2)
        say(caller, ",\"notify\":[\"started\",\"progress\",\"retry\"]");
    say(caller, "}\n");
}

/* The requests without fields of their own to vary. */
static void operate(struct caller *caller, unsigned what)
{
    static const char *const requests[] = {
        "{\"op\":\"pause\"}\n",
        "{\"op\":\"resume\"}\n",
        "{\"op\":\"pause\",\"module\":\"echo\"}\n",
        "{\"op\":\"resume\",\"module\":\"echo\"}\n",
        "{\"op\":\"jobs\",\"limit\":2}\n",
        "{\"op\":\"jobs\",\"state\":\"waiting\",\"limit\":1,\"after\":\"2\"}\n",
        "{\"op\":\"jobs\",\"module\":\"echo\",\"id\":\"j\"}\n",
        "{\"op\":\"cancel\",\"select\":{\"module\":\"echo\"}}\n",
        "{\"op\":\"kill\",\"select\":{\"owner\":\"nobody\"}}\n",
        "{\"op\":\"retry\",\"select\":{\"reason\":\"error\"}}\n",
        "{\"op\":\"retry\",\"select\":{\"module\":\"wc\"}}\n",
        "{\"op\":\"stats\"}\n",
        "{\"op\":\"workers\",\"id\":\"w\"}\n",
        "{\"op\":\"modules\"}\n",
        "{\"op\":\"clients\",\"limit\":1}\n",
        "{\"op\":\"clients\",\"after\":\"1-0\"}\n",
        "{\"op\":\"watch\",\"what\":[\"jobs\"]}\n",
        "{\"op\":\"unwatch\"}\n",
        "{\"op\":\"monitor\",\"ref\":1,\"job\":\"q1\"}\n",
        "{\"op\":\"monitor\",\"ref\":\"m\",\"job\":\"q4\"}\n",
        "{\"op\":\"demonitor\",\"ref\":1}\n",
        "{\"op\":\"backup\",\"path\":\"/b\"}\n",
        "{\"op\":\"reload\",\"id\":\"r\"}\n",
        "{\"op\":\"reopen\"}\n",
        "{\"op\":\"log-level\",\"level\":\"warn\"}\n",
        "{\"op\":\"drain\"}\n",
        "{\"op\":\"set\",\"module\":\"echo\"}\n",
        "{\"op\":\"ping\",\"id\":\"p\",\"size\":3}\nabc",
        "{\"op\":\"ping\"}\n",
        "{\"op\":\"hello\",\"protocol\":1,\"id\":\"again\"}\n",
    };
    caller->asked++;
    say(caller, "%s", requests[what % (sizeof requests / sizeof *requests)]);
}

static void ask(struct caller *caller, struct input *input)
{
    static const char *const ops[] = {"cancel", "kill", "status", "peek", "forget", "retry"};
    uint8_t what = input_take(input);
    unsigned which = input_take(input);
    if (what >= 128) {
        operate(caller, which);
        return;
    }
    caller->asked++;
    if (what % 8 >= 6)
        say(caller, "{\"op\":\"%s\",\"target\":%u}\n", ops[what % 2],
            caller->ids ? which % caller->ids : 0);
    else
        say(caller, "{\"op\":\"%s\",\"job\":\"q%u\"}\n", ops[what % 8], which % 32);
}

static void say_bye(struct caller *caller)
{
    say(caller, "{\"op\":\"bye\"}\n");
    caller->asked++;
    caller->bye = true;
}

static void speak(struct caller *caller, struct input *input)
{
    uint8_t what = input_take(input);
    size_t len = what & 63;
    if (caller->out.max - caller->out.len < HEADER_MAX + 1024 || caller->half_closed || caller->bye)
        return;
    if (!caller->greeted && what < 250)
        greet(caller);
    if (what < 120) {
        submit(caller, input);
    } else if (what < 160) {
        wait_for(caller, input);
    } else if (what < 240) {
        ask(caller, input);
    } else if (what == 240) {
        say_bye(caller);
    } else {
        buffer_append(&caller->out, input_bytes(input, &len), len);
        caller->clean = false;
    }
}

void callers_act(struct input *input)
{
    struct caller *caller = &callers[input_take(input) % CALLERS];
    uint8_t what = input_take(input);
    if (caller->fd < 0) {
        come(caller);
        return;
    }
    switch (what % 16) {
    case 0:
        leave(caller);
        break;
    case 1:
        if (caller->out.len)
            break;
        caller->half_closed = true;
        shutdown(caller->fd, SHUT_WR);
        break;
    case 2:
        caller->reading = false;
        caller->was_lazy = true;
        break;
    case 3:
        caller->reading = true;
        break;
    case 4:
        flush_caller(caller, input_take(input));
        break;
    case 5:
    case 6:
    case 7:
        flush_caller(caller, OUT_MAX);
        break;
    default:
        speak(caller, input);
    }
}

/* --- the end --- */

void callers_lose(void)
{
    for (int i = 0; i < CALLERS; i++)
        callers[i].clean = false;
}

void callers_go_on(void)
{
    for (int i = 0; i < CALLERS; i++) {
        callers[i].reading = true;
        flush_caller(&callers[i], OUT_MAX);
    }
}

/* Its connection is not lost, and it has kept to the protocol. The queue may end the connection of
 * a slow client. */
static bool is_judged(const struct caller *caller)
{
    if (caller->fd < 0 || !caller->clean || caller->fatal)
        return false;
    return !caller->ended || (!caller->was_lazy && (caller->half_closed || caller->bye));
}

static bool has_all(const struct caller *caller)
{
    bool fine = caller->answered == caller->asked;
    for (unsigned i = 0; i < caller->ids; i++)
        fine = fine && caller->ends[i] == 1;
    return fine;
}

static bool is_done(const struct caller *caller)
{
    if (is_judged(caller))
        return has_all(caller);
    return caller->fd < 0 || caller->ended || (!caller->out.len && !caller->in.len);
}

bool callers_are_done(void)
{
    for (int i = 0; i < CALLERS; i++)
        if (!is_done(&callers[i]))
            return false;
    return true;
}

void callers_leave(void)
{
    for (int i = 0; i < CALLERS; i++)
        leave(&callers[i]);
}
