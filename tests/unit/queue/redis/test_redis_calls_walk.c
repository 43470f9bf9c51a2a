/*
 * test_redis_calls_walk: calls of all kinds, walks at random: a server that answers, errs, cuts and
 * waits by chance. Each call ends exactly once, and LATE is told at most once before; the server
 * has seen each answered call.
 */
#include "tests/unit/queue/redis/redis_world.h"

enum { STEPS = 4000, CALLS_MAX = STEPS, HEARD_MAX = 1 << 20 };

static struct chance chance;
static bool is_honest = true; /* the server: answers are looked at */

/* One call of the walk. */
static struct posted {
    const struct redis_call_kind *kind;
    bool was_done; /* the server has done it, in the connection's life or before */
    bool is_late, is_over;
} posted[CALLS_MAX];
static size_t posted_count;

/* --- the calls' side --- */

static void on_answer(void *arg, const struct redis_answer *answer)
{
    struct posted *call = arg;
    if (!is_honest)
        return;
    hot_assert(!call->is_over);
    if (answer->end == REDIS_ANSWERED)
        hot_assert(call->was_done && answer->status == ((uint64_t)(call - posted) & 7));
    if (answer->end == REDIS_UNSENT)
        hot_assert(!call->was_done);
    if (answer->end == REDIS_FULL)
        hot_assert(call->kind->gives_up_full);
    if (!answer->is_last)
        hot_assert(answer->end == REDIS_LATE && call->kind->is_change && !call->is_late);
    call->is_late |= answer->end == REDIS_LATE;
    call->is_over = answer->is_last;
}

static const struct redis_call_kind kinds[] = {
    {.done = on_answer},
    {.done = on_answer, .has_deadline = true},
    {.done = on_answer, .has_deadline = true, .is_change = true, .gives_up_full = true},
    {.done = on_answer, .is_prompt = true},
};

static void post_one(void)
{
    char number[16];
    struct posted *call = &posted[posted_count];
    *call = (struct posted){.kind = &kinds[chance_below(&chance, SUPPORT_COUNT(kinds))]};
    struct redis_call *new = redis_call_new(calls, &scripts[chance_below(&chance, 2)], 7);
    snprintf(number, sizeof number, "%zu", posted_count++);
    redis_call_text(new, number);
    redis_call_post(new, call->kind, call);
}

/* --- the server's side --- */

static char heard[HEARD_MAX]; /* lines, not answered */
static size_t heard_len;

static char said[HEARD_MAX]; /* not sent yet: many small pieces would fill the socket */
static size_t said_len;

static void say(const char *text)
{
    size_t len = strlen(text);
    hot_assert(said_len + len <= sizeof said);
    memcpy(said + said_len, text, len);
    said_len += len;
}

static void send_said(void)
{
    if (peer >= 0 && said_len) {
        ssize_t n = send(peer, said, said_len, MSG_NOSIGNAL);
        hot_assert(n == (ssize_t)said_len || (n < 0 && errno == EPIPE));
    }
    said_len = 0;
}

static void hear(void)
{
    static char bytes[HEARD_MAX];
    size_t len = 0;
    for (ssize_t n; peer >= 0 && (n = recv(peer, bytes + len, sizeof bytes - len, 0)) > 0; turn())
        len += (size_t)n;
    for (size_t at = 0; at < len;) {
        at += read_command(bytes + at, len - at, heard + heard_len, sizeof heard - heard_len);
        heard_len += strlen(heard + heard_len);
    }
}

/* Errors of which each says that nothing was done. */
static const char *error_by_chance(void)
{
    static const char *const errors[] = {
        "-OOM full\r\n",        "-BUSY script\r\n",        "-NOSCRIPT none\r\n",
        "-READONLY no\r\n",     "-NOREPLICAS too few\r\n", "-MISCONF the disk is full\r\n",
        "-MASTERDOWN gone\r\n", "-LOADING data\r\n",
    };
    return errors[chance_below(&chance, SUPPORT_COUNT(errors))];
}

static void answer_call(const char *line, bool may_err)
{
    char reply[32];
    size_t i = strtoul(strrchr(line, ' ') + 1, NULL, 10);
    hot_assert(i < posted_count);
    if (may_err && !posted[i].was_done && chance_percent(&chance, 10)) {
        say(error_by_chance());
        return;
    }
    posted[i].was_done = true;
    snprintf(reply, sizeof reply, "*1\r\n:%zu\r\n", i & 7);
    say(reply);
}

static void answer_line(const char *line, bool may_err)
{
    char *info = xasprintf("$%zu\r\n%s\r\n", strlen(INFO_TEXT), INFO_TEXT);
    if (strncmp(line, "EVALSHA", 7) == 0)
        answer_call(line, may_err);
    else if (strncmp(line, "INFO", 4) == 0)
        say(info);
    else if (strncmp(line, "WAIT", 4) == 0)
        say(may_err && chance_percent(&chance, 30) ? ":0\r\n" : ":1\r\n");
    else if (strncmp(line, "SCRIPT", 6) == 0)
        say("$4\r\n1111\r\n");
    else
        say(":0\r\n");
    free(info);
}

static void answer_some(size_t count, bool may_err)
{
    for (char *lf; count && heard_len && (lf = memchr(heard, '\n', heard_len)); count--) {
        *lf = '\0';
        answer_line(heard, may_err);
        heard_len -= (size_t)(lf + 1 - heard);
        memmove(heard, lf + 1, heard_len);
    }
    send_said();
}

static void cut(void)
{
    if (peer >= 0)
        close(peer);
    peer = -1;
    heard_len = 0;
}

/* A new connection is the one to speak on: the calls have given the old one up. */
static void accept_new(void)
{
    int fd = accept4(listening[0], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    cut();
    peer = fd;
}

static void step(void)
{
    size_t what = chance_below(&chance, 100);
    told_len = 0; /* nobody reads of ups and downs */
    if (what < 40)
        post_one();
    else if (what < 45)
        redis_calls_flush(calls);
    else if (what < 80)
        answer_some(chance_below(&chance, 8), true);
    else if (what < 82)
        cut();
    else if (what < 92)
        turn();
    else
        now_us += chance_below(&chance, 400) * 1000;
    turn();
    accept_new();
    hear();
}

/* All that can be answered is. */
static void settle(void)
{
    for (int i = 0; i < 2000 && redis_calls_view(calls).unanswered; i++) {
        now_us += 10000;
        turns();
        accept_new();
        hear();
        answer_some(SIZE_MAX, false);
    }
    ck_assert_uint_eq(redis_calls_view(calls).unanswered, 0);
    for (size_t i = 0; i < posted_count; i++)
        ck_assert(posted[i].is_over);
}

static void walk(uint32_t replicas)
{
    chance_init(&chance, "test_redis_calls_walk");
    log_configure((enum log_level)(LOG_ERROR + 1), LOG_TEXT);
    settings.replicas = replicas;
    posted_count = heard_len = 0;
    server_listens(0);
    open_calls(1);
    for (size_t i = 0; i < STEPS; i++)
        step();
}

START_TEST(test_walk)
{
    walk((uint32_t)_i % 2);
    settle();
    told_len = 0;
}
END_TEST

/* A server that says what it likes ends no process. Its answers may go to the wrong calls. */
static void lie(void)
{
    static const char *const pieces[] = {"*1\r\n:0\r\n",
                                         "*",
                                         "1",
                                         "2",
                                         "9",
                                         "\r\n",
                                         "$",
                                         "-",
                                         "-BUSY\r\n",
                                         ":",
                                         "+OK\r\n",
                                         "*-1\r\n",
                                         "x",
                                         "\n",
                                         "-NOSCRIPT\r\n",
                                         "-READONLY\r\n",
                                         "$3\r\nabc\r\n"};
    for (size_t n = chance_below(&chance, 12); n; n--)
        say(pieces[chance_below(&chance, SUPPORT_COUNT(pieces))]);
    send_said();
}

START_TEST(test_lies)
{
    is_honest = false;
    walk(1);
    for (int i = 0; i < 3000; i++) {
        if (chance_percent(&chance, 30))
            lie();
        step();
        posted_count %= CALLS_MAX - 1;
    }
    cut();
    pass_ms(5000);
    redis_calls_free(calls);
    calls = NULL;
    told_len = 0;
}
END_TEST

/* The end comes amid all. */
START_TEST(test_walk_to_the_end)
{
    walk((uint32_t)_i % 2);
    redis_calls_free(calls);
    calls = NULL;
    for (size_t i = 0; i < posted_count; i++)
        ck_assert(posted[i].is_over);
    told_len = 0;
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("redis_calls_walk");
    TCase *tc = tcase_create("walk");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    tcase_add_loop_test(tc, test_walk, 0, 6);
    tcase_add_loop_test(tc, test_walk_to_the_end, 0, 6);
    tcase_add_loop_test(tc, test_lies, 0, 4);
    return run_suite(suite);
}
