/* test_redis_news: entries of the list of news. */
#include "queue/redis/redis_engine_internal.h"
#include "tests/unit/queue/redis/reply_of.h"

#include <stdarg.h>

static char heard[4096];
static struct engine engine;

__attribute__((format(printf, 1, 2))) static void note(const char *fmt, ...)
{
    size_t len = strlen(heard);
    va_list args;
    va_start(args, fmt);
    vsnprintf(heard + len, sizeof heard - len, fmt, args);
    va_end(args);
}

static void changed(void *arg, uint64_t seq)
{
    (void)arg;
    note("changed %" PRIu64 ";", seq);
}

static void told(void *arg, uint64_t seq, const struct store_news *news)
{
    (void)arg;
    if (news->what == STORE_WANTS_RETRY)
        note("retry %" PRIu64 " %u %" PRIu64 " [%s] [%s];", seq, news->attempt, news->delay_ms,
             news->reason, news->message);
    else
        note("%s %" PRIu64 " [%s];", news->what == STORE_WANTS_STARTED ? "started" : "progress",
             seq, news->fields);
}

static void watched(void *arg, uint64_t seq, const char *state, uint32_t attempt,
                    const char *module, const char *reason)
{
    (void)arg;
    note("watched %" PRIu64 " %s %u [%s] [%s];", seq, state, attempt, module, reason);
}

static void followed(void *arg, uint64_t seq, unsigned wants)
{
    (void)arg;
    note("followed %" PRIu64 " %u;", seq, wants);
}

static void stop(void *arg, uint64_t seq, bool kill, const char *by)
{
    (void)arg;
    note("%s %" PRIu64 " [%s];", kill ? "kill" : "cancel", seq, by);
}

static const struct engine_news news = {
    .changed = changed, .told = told, .watched = watched, .followed = followed, .stop = stop};

static bool tell(size_t count, const char *const *texts, uint64_t read)
{
    char reply[4096];
    size_t len = (size_t)snprintf(reply, sizeof reply, "*%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        size_t lines = 0;
        for (const char *c = texts[i]; *c; c++)
            lines += *c == '\n'; /* each has two bytes there */
        len += (size_t)snprintf(reply + len, sizeof reply - len, "$%zu\n%s\n",
                                strlen(texts[i]) + lines, texts[i]);
    }
    struct redis_reply *parsed = reply_of(reply);
    bool is_whole = redis_news_tell(&engine, parsed, read);
    redis_reply_free(parsed);
    return is_whole;
}

/* What is heard of one entry. */
static const char *hear(const char *text)
{
    heard[0] = '\0';
    engine = (struct engine){.news = &news, .watches = true};
    ck_assert(!tell(1, &text, 0));
    ck_assert_uint_eq(engine.node.news_read, 1);
    return heard;
}

START_TEST(test_an_entry_without_all_fields)
{
    ck_assert_str_eq(hear("changed"), "changed 0;");
    ck_assert_str_eq(hear("stop"), "cancel 0 [];");
    ck_assert_str_eq(hear("retry"), "retry 0 0 0 [] [];");
    ck_assert_str_eq(hear("watch"), "watched 0  0 [] [];");
    ck_assert_str_eq(hear("hello"), "");
    ck_assert_str_eq(hear(""), "");
    ck_assert_str_eq(hear("change"), "");
}
END_TEST

/* Of two answers on their way one tells the entries of both. */
START_TEST(test_each_entry_is_told_once)
{
    static const char *const texts[] = {"changed", "stop", "followed"};
    engine = (struct engine){.news = &news};
    ck_assert(!tell(2, texts, 0));
    ck_assert_str_eq(heard, "changed 0;cancel 0 [];");
    ck_assert(!tell(3, texts, 0));
    ck_assert_str_eq(heard, "changed 0;cancel 0 [];followed 0 0;");
    ck_assert(!tell(1, texts, 0));
    ck_assert_uint_eq(engine.node.news_read, 3);
    ck_assert(tell(0, texts, 3));
    ck_assert_str_eq(heard, "changed 0;cancel 0 [];followed 0 0;");
}
END_TEST

START_TEST(test_nobody_watches_or_listens)
{
    static const char *const texts[] = {"watch", "changed"};
    engine = (struct engine){.news = &news};
    tell(2, texts, 0);
    ck_assert_str_eq(heard, "changed 0;");
    engine = (struct engine){.watches = true};
    tell(2, texts, 0);
    ck_assert_uint_eq(engine.node.news_read, 2);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("redis_news");
    tcase_add_test(tc, test_an_entry_without_all_fields);
    tcase_add_test(tc, test_each_entry_is_told_once);
    tcase_add_test(tc, test_nobody_watches_or_listens);
    Suite *suite = suite_create("redis_news");
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
