/* test_event: headers of the master: the short way and the general way read the same. */
#include "queue/master/event.h"

#include "tests/unit/support.h"

#include <jansson.h>

static struct master_event event;

static const char *read_text(const char *text)
{
    return master_event_read(&event, text, strlen(text));
}

START_TEST(test_done)
{
    ck_assert_ptr_null(
        read_text("{\"event\":\"done\",\"id\":17,\"job\":\"b-1\",\"size\":6,\"order\":"
                  "3,\"wait_us\":1,\"run_us\":52,\"context\":\"c\"}\r\n"));
    ck_assert_int_eq(event.type, MASTER_EVENT_DONE);
    ck_assert(event.is_of_job && !event.is_answer && event.has_order && !event.has_by);
    ck_assert_uint_eq(event.id, 17);
    ck_assert_uint_eq(event.size, 6);
    ck_assert_uint_eq(event.run_us, 52);
    ck_assert_str_eq(event.fields, ",\"order\":3,\"wait_us\":1,\"run_us\":52");
}
END_TEST

START_TEST(test_the_number_of_a_job_of_many_nodes)
{
    ck_assert_ptr_null(read_text("{\"event\":\"started\",\"id\":\"1883297072765535232\"}\n"));
    ck_assert(event.is_of_job && !event.is_answer);
    ck_assert_uint_eq(event.id, 1883297072765535232u);
}
END_TEST

START_TEST(test_nested_values_stay_as_they_are)
{
    ck_assert_ptr_null(
        read_text("{ \"usage\" : {\"cpu_us\":[1, {}] , \"x\":\"}\\\"\"} , \"id\":2,"
                  "\"event\":\"failed\",\"reason\":\"error\",\"message\":\"\\u00e4\"}\n"));
    ck_assert_int_eq(event.type, MASTER_EVENT_FAILED);
    ck_assert_uint_eq(event.id, 2);
    ck_assert_str_eq(event.message, "ä");
    ck_assert_str_eq(event.fields, ",\"usage\":{\"cpu_us\":[1, {}] , \"x\":\"}\\\"\"}"
                                   ",\"message\":\"\\u00e4\"");
}
END_TEST

START_TEST(test_an_answer)
{
    ck_assert_ptr_null(read_text("{\"event\":\"stats\",\"id\":\"ask\",\"size\":2}\n"));
    ck_assert_int_eq(event.type, MASTER_EVENT_OTHER);
    ck_assert(event.is_answer && !event.is_of_job);
}
END_TEST

START_TEST(test_values_of_a_wrong_type_count_as_none)
{
    ck_assert_ptr_null(read_text("{\"event\":\"done\",\"id\":null,\"size\":-5,\"run_us\":1.5,"
                                 "\"reason\":7,\"message\":[],\"retry_after_ms\":\"x\"}\n"));
    ck_assert_uint_eq(event.id, 0);
    ck_assert_uint_eq(event.size, 0);
    ck_assert_uint_eq(event.run_us, 0);
    ck_assert_str_eq(event.reason, "");
    ck_assert_str_eq(event.message, "");
    ck_assert_ptr_null(read_text("{\"event\":7,\"id\":{}}\n"));
    ck_assert_int_eq(event.type, MASTER_EVENT_OTHER);
}
END_TEST

START_TEST(test_no_event)
{
    static const char *const texts[] = {"\n",
                                        "{}\n",
                                        "[]\n",
                                        "{\"event\":\"done\"\n",
                                        "{\"event\":\"done\"}x\n",
                                        "{\"op\":\"hello\"}\n",
                                        "{\"event\":\"a\",\"event\":1.5}\n"};
    for (size_t i = 0; i < SUPPORT_COUNT(texts); i++)
        ck_assert_msg(read_text(texts[i]) != NULL, "%s", texts[i]);
}
END_TEST

/* A header of HEADER_MAX bytes: `head`, letters, and the end. */
static const char *read_full(const char *head)
{
    char text[HEADER_MAX];
    size_t len = strlen(head);
    memset(text, 'x', sizeof text);
    memcpy(text, head, len);
    memcpy(text + sizeof text - 3, "\"}\n", 3);
    return master_event_read(&event, text, sizeof text);
}

START_TEST(test_long_texts)
{
    ck_assert_ptr_null(read_full("{\"event\":\"failed\",\"message\":\""));
    ck_assert_uint_eq(strlen(event.message), HEADER_MAX - 32);
    ck_assert_ptr_null(read_full("{\"event\":\"failed\",\"reason\":\""));
    ck_assert_uint_eq(strlen(event.reason), CODE_MAX);
    ck_assert_ptr_null(read_full("{\"event\":\"done\",\"a\":\""));
    ck_assert_uint_eq(event.fields_len, HEADER_MAX - 17);
    ck_assert_ptr_nonnull(read_full("{\"a\":\""));
    ck_assert_uint_eq(event.fields_len, HEADER_MAX - 2);
}
END_TEST

/* --- the two ways --- */

static void add(char *text, const char *more)
{
    strcat(text, more);
}

static void add_member(char *text, struct chance *chance)
{
    static const char *const keys[] = {
        "event", "id", "job",   "size",    "order",  "code", "run_us", "retry_after_ms",
        "by",    "op", "fatal", "message", "reason", "pool", "worker"};
    static const char *const values[] = {"\"done\"",    "\"failed\"", "\"error\"", "\"overload\"",
                                         "\"started\"", "\"submit\"", "\"ask\"",   "0",
                                         "17",          "123456789",  "\"a b\"",   "\"\""};
    char member[128];
    snprintf(member, sizeof member, "\"%s\":%s", keys[chance_below(chance, SUPPORT_COUNT(keys))],
             values[chance_below(chance, SUPPORT_COUNT(values))]);
    add(text, member);
}

static bool has_duplicates(const char *text)
{
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    bool rejected = !root;
    json_decref(root);
    return rejected;
}

START_TEST(test_the_two_ways_agree)
{
    static struct master_event general;
    struct chance chance;
    chance_init(&chance, "test_the_two_ways_agree");
    for (int round = 0; round < 20000; round++) {
        char plain[2048] = "{\"event\":\"done\"", other[4096];
        for (size_t i = chance_below(&chance, 5); i > 0; i--) {
            add(plain, ",");
            add_member(plain, &chance);
        }
        /* For the general way alone: the short one takes no `true`. */
        snprintf(other, sizeof other, "%s ,\"job\" : true}\n", plain);
        add(plain, "}\n");
        if (has_duplicates(other))
            continue;
        hot_assert(read_text(other) == NULL);
        general = event;
        hot_assert(read_text(plain) == NULL);
        hot_assert_msg(memcmp(&event, &general, offsetof(struct master_event, message)) == 0 &&
                           strcmp(event.message, general.message) == 0 &&
                           strcmp(event.fields, general.fields) == 0,
                       "%s", plain);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("master_event");
    TCase *tc = tcase_create("event");
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_done);
    tcase_add_test(tc, test_the_number_of_a_job_of_many_nodes);
    tcase_add_test(tc, test_nested_values_stay_as_they_are);
    tcase_add_test(tc, test_an_answer);
    tcase_add_test(tc, test_values_of_a_wrong_type_count_as_none);
    tcase_add_test(tc, test_no_event);
    tcase_add_test(tc, test_long_texts);
    tcase_add_test(tc, test_the_two_ways_agree);
    return run_suite(suite);
}
