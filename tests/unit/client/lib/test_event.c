/* Events: known fields arrive, unknown ones are ignored, wrong types are refused. */
#include "client/lib/event.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct tmc_failure failure;

static tm_client_status take(const char *line, struct tmc_event **event)
{
    struct tmc_message message = {.line = strdup(line),
                                  .header = json_loads(line, JSON_REJECT_DUPLICATES, NULL)};
    ck_assert_ptr_nonnull(message.header);
    tm_client_status status = tmc_event_take(&message, event, &failure);
    ck_assert_ptr_null(message.line);
    ck_assert_ptr_null(message.header);
    return status;
}

static struct tmc_event *taken(const char *line)
{
    struct tmc_event *event;
    ck_assert_int_eq(take(line, &event), TM_CLIENT_OK);
    ck_assert_ptr_nonnull(event);
    return event;
}

START_TEST(done)
{
    static const char line[] = "{\"event\":\"done\",\"id\":7,\"job\":\"k3f9-17\",\"order\":3,"
                               "\"wait_us\":12,\"run_us\":34,\"context\":{\"a\": [1, null]}}";
    struct tmc_event *event = taken(line);
    tm_client_event *shown = &event->shown;
    ck_assert_int_eq(shown->type, TM_CLIENT_EVENT_DONE);
    ck_assert_uint_eq(shown->id, 7);
    ck_assert_str_eq(shown->header, line);
    ck_assert_str_eq(shown->job, "k3f9-17");
    ck_assert_int_eq(shown->order, 3);
    ck_assert_int_eq(shown->wait_us, 12);
    ck_assert_int_eq(shown->run_us, 34);
    ck_assert_str_eq(shown->context, "{\"a\":[1,null]}");
    ck_assert_uint_eq(shown->size, 0);
    ck_assert_str_eq(shown->data, "");
    ck_assert_ptr_null(shown->reason);
    ck_assert_int_eq(shown->worker, -1);
    ck_assert_int_eq(shown->exit_status, -1);
    ck_assert(tm_client_event_is_final(shown));
    tm_client_event_free(shown);
}
END_TEST

/* To the letter, wherever it stands and however its key is written. */
START_TEST(context_as_it_came)
{
    static const struct {
        const char *line, *context;
    } cases[] = {
        {"{\"event\":\"pong\",\"context\":[1.10,\"\\u0061\"]}", "[1.10,\"\\u0061\"]"},
        {"{\"event\":\"pong\", \"\\u0063ontext\" : 1e2 , \"x\":1}", "1e2"},
        {"{\"x\":{\"context\":1},\"context\":\"}\\\" ,\",\"event\":\"pong\"}", "\"}\\\" ,\""},
        {"{\"x\":{\"context\":1},\"y\":\"context\",\"event\":\"pong\"}", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tmc_event *event = taken(cases[i].line);
        if (cases[i].context)
            ck_assert_str_eq(event->shown.context, cases[i].context);
        else
            ck_assert_ptr_null(event->shown.context);
        tmc_event_free(event);
    }
}
END_TEST

START_TEST(failed)
{
    struct tmc_event *event = taken(
        "{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"error\",\"code\":\"x-y\","
        "\"message\":\"gone\",\"step\":\"sigterm\",\"signal\":\"SIGSEGV\",\"exit_status\":3,"
        "\"by\":\"client\",\"by_name\":\"ops\"}");
    tm_client_event *shown = &event->shown;
    ck_assert_str_eq(shown->reason, "error");
    ck_assert_str_eq(shown->code, "x-y");
    ck_assert_str_eq(shown->message, "gone");
    ck_assert_str_eq(shown->step, "sigterm");
    ck_assert_str_eq(shown->by, "client");
    ck_assert_str_eq(shown->by_name, "ops");
    ck_assert_str_eq(shown->signal, "SIGSEGV");
    ck_assert_int_eq(shown->exit_status, 3);
    tm_client_event_free(shown);
}
END_TEST

START_TEST(others)
{
    tm_client_event *shown = &taken("{\"event\":\"overload\",\"id\":1,\"reason\":\"queue-full\","
                                    "\"queued\":4,\"running\":2,\"retry_after_ms\":250}")
                                  ->shown;
    ck_assert_int_eq(shown->queued, 4);
    ck_assert_int_eq(shown->running, 2);
    ck_assert_int_eq(shown->retry_after_ms, 250);
    tm_client_event_free(shown);

    shown = &taken("{\"event\":\"error\",\"op\":\"submit\",\"code\":\"bad-json\",\"fatal\":true}")
                 ->shown;
    ck_assert_str_eq(shown->op, "submit");
    ck_assert(shown->fatal);
    ck_assert_uint_eq(shown->id, 0);
    tm_client_event_free(shown);

    shown = &taken("{\"event\":\"started\",\"id\":1,\"worker\":2,\"order\":9}")->shown;
    ck_assert_int_eq(shown->worker, 2);
    ck_assert(!tm_client_event_is_final(shown));
    tm_client_event_free(shown);
}
END_TEST

START_TEST(parts_progress_and_usage)
{
    tm_client_event *shown = &taken("{\"event\":\"part\",\"id\":1,\"seq\":0}")->shown;
    ck_assert_int_eq(shown->type, TM_CLIENT_EVENT_PART);
    ck_assert_int_eq(shown->seq, 0);
    ck_assert_double_eq(shown->fraction, -1);
    ck_assert(!tm_client_event_is_final(shown));
    tm_client_event_free(shown);

    shown = &taken("{\"event\":\"progress\",\"id\":1,\"fraction\":0.25,\"message\":\"a\"}")->shown;
    ck_assert_double_eq(shown->fraction, 0.25);
    ck_assert_str_eq(shown->message, "a");
    ck_assert_int_eq(shown->seq, -1);
    tm_client_event_free(shown);
    shown = &taken("{\"event\":\"progress\",\"id\":1,\"fraction\":1}")->shown;
    ck_assert_double_eq(shown->fraction, 1);
    tm_client_event_free(shown);

    shown = &taken("{\"event\":\"done\",\"id\":1,\"usage\":{\"cpu_us\":7,\"worker_rss\":4096,"
                   "\"later\":1}}")
                 ->shown;
    ck_assert_int_eq(shown->cpu_us, 7);
    ck_assert_int_eq(shown->worker_rss, 4096);
    tm_client_event_free(shown);
    shown = &taken("{\"event\":\"done\",\"id\":1,\"usage\":3}")->shown;
    ck_assert_int_eq(shown->cpu_us, -1);
    tm_client_event_free(shown);
}
END_TEST

/* The ids and refs of others are any JSON: they are kept to the letter. */
START_TEST(news)
{
    tm_client_event *shown =
        &taken("{\"event\":\"failed\",\"submit_id\":\"\\u0061 b\",\"job\":\"k-1\","
               "\"service\":\"mail\",\"from\":\"shop\",\"reason\":\"error\","
               "\"undelivered\":true,\"context\":[1.10]}")
             ->shown;
    ck_assert_uint_eq(shown->id, 0);
    ck_assert_str_eq(shown->submit_id, "\"\\u0061 b\"");
    ck_assert_str_eq(shown->service, "mail");
    ck_assert_str_eq(shown->from, "shop");
    ck_assert_str_eq(shown->context, "[1.10]");
    ck_assert(shown->undelivered);
    tm_client_event_free(shown);

    shown = &taken("{\"event\":\"worker\",\"ref\":7,\"worker\":3,\"pid\":4,\"pool\":\"slow\","
                   "\"state\":\"ended\",\"reason\":\"idle\"}")
                 ->shown;
    ck_assert_int_eq(shown->type, TM_CLIENT_EVENT_WORKER);
    ck_assert_str_eq(shown->ref, "7");
    ck_assert_str_eq(shown->pool, "slow");
    ck_assert_str_eq(shown->state, "ended");
    ck_assert_int_eq(shown->worker, 3);
    tm_client_event_free(shown);

    shown = &taken("{\"event\":\"watch\",\"job\":\"k-1\",\"worker\":null,\"reason\":null}")->shown;
    ck_assert_int_eq(shown->worker, -1);
    ck_assert_ptr_null(shown->reason);
    tm_client_event_free(shown);
    shown = &taken("{\"event\":\"ok\",\"op\":\"cancel\",\"id\":1,\"count\":12}")->shown;
    ck_assert_int_eq(shown->count, 12);
    tm_client_event_free(shown);
}
END_TEST

/* The fields of an event of a later release may have other types. */
START_TEST(unknown_is_left_alone)
{
    struct tmc_event *event = taken("{\"event\":\"later\",\"id\":1,\"order\":\"first\"}");
    ck_assert_int_eq(event->shown.type, TM_CLIENT_EVENT_OTHER);
    ck_assert_uint_eq(event->shown.id, 1);
    ck_assert_int_eq(event->shown.order, -1);
    tmc_event_free(event);
    event = taken("{\"event\":\"later\",\"id\":\"x\"}");
    ck_assert_uint_eq(event->shown.id, 0);
    tmc_event_free(event);
    event = taken("{\"event\":\"pong\",\"id\":1,\"later\":{\"order\":[]},\"x\":null}");
    ck_assert_int_eq(event->shown.type, TM_CLIENT_EVENT_PONG);
    tmc_event_free(event);
}
END_TEST

START_TEST(refuses)
{
    static const char *const lines[] = {
        "{}",
        "{\"event\":1}",
        "{\"event\":\"done\",\"id\":\"1\"}",
        "{\"event\":\"done\",\"id\":0}",
        "{\"event\":\"done\",\"id\":1.0}",
        "{\"event\":\"done\",\"id\":1,\"job\":17}",
        "{\"event\":\"done\",\"id\":1,\"run_us\":-1}",
        "{\"event\":\"done\",\"id\":1,\"run_us\":true}",
        "{\"event\":\"progress\",\"id\":1,\"fraction\":\"half\"}",
        "{\"event\":\"done\",\"id\":1,\"usage\":{\"cpu_us\":1.5}}",
        "{\"event\":\"error\",\"fatal\":1}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct tmc_event *event;
        ck_assert_msg(take(lines[i], &event) == TM_CLIENT_PROTOCOL, "%s", lines[i]);
        ck_assert_ptr_null(event);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        done, context_as_it_came,    failed,  others, parts_progress_and_usage,
        news, unknown_is_left_alone, refuses,
    };
    TCase *tcase = tcase_create("event");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client event");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
