/* test_asked: requests handed through to the master. */
#include "tests/unit/queue/master/link_world.h"

struct asker {
    struct master_ask ask;
    const char *name;
};

static void on_answered(struct master_ask *ask, const struct master_answer *answer)
{
    struct asker *asker = (struct asker *)ask; /* its first member */
    char payload[64] = "";
    if (answer->payload)
        payload_copy(answer->payload, 0, payload, sizeof payload - 1);
    tell("%s: '%s' %s\n", asker->name, payload, answer->code ? answer->code : "-");
}

static struct asker asker(const char *name, const char *op)
{
    return (struct asker){.ask = {.op = op, .answered = on_answered}, .name = name};
}

START_TEST(test_answers_in_order)
{
    struct asker a = asker("a", "workers"), b = asker("b", "modules"), c = asker("c", "stats");
    master_listens();
    master_greets();
    master_link_ask(link_, &a.ask);
    master_link_ask(link_, &b.ask);
    master_link_ask(link_, &c.ask);
    ck_written("{\"op\":\"workers\",\"id\":\"ask\"}\n{\"op\":\"modules\",\"id\":\"ask\"}\n"
               "{\"op\":\"stats\",\"id\":\"ask\"}\n");
    master_says("{\"event\":\"workers\",\"id\":\"ask\",\"size\":2}\n[]");
    ck_told("a: '[]' -\n");
    master_says("{\"event\":\"error\",\"op\":\"modules\",\"id\":\"ask\",\"code\":\"denied\","
                "\"message\":\"m\"}\n{\"event\":\"stats\",\"id\":\"ask\",\"size\":2}\n{}");
    ck_told("b: '' denied\nc: '{}' -\n");
}
END_TEST

START_TEST(test_an_answer_without_a_payload)
{
    struct asker a = asker("a", "workers");
    master_listens();
    master_greets();
    master_link_ask(link_, &a.ask);
    master_says("{\"event\":\"workers\",\"id\":\"ask\"}\n");
    ck_told("a: '' unavailable\n");
}
END_TEST

START_TEST(test_a_forgotten_ask_is_answered_to_nobody)
{
    struct asker a = asker("a", "workers"), b = asker("b", "workers");
    master_listens();
    master_greets();
    master_link_ask(link_, &a.ask);
    master_link_ask(link_, &b.ask);
    master_ask_forget(&a.ask);
    master_says("{\"event\":\"workers\",\"id\":\"ask\",\"size\":1}\n1"
                "{\"event\":\"workers\",\"id\":\"ask\",\"size\":1}\n2");
    ck_told("b: '2' -\n");
    master_ask_forget(&b.ask);
}
END_TEST

START_TEST(test_while_the_master_is_away)
{
    struct asker a = asker("a", "workers"), b = asker("b", "workers");
    turns();
    master_link_ask(link_, &a.ask);
    master_link_ask(link_, &b.ask);
    ck_told("");
    master_ask_forget(&b.ask);
    turns();
    ck_told("a: '' unavailable\n");
}
END_TEST

START_TEST(test_the_master_goes)
{
    struct asker a = asker("a", "workers");
    master_listens();
    master_greets();
    master_link_ask(link_, &a.ask);
    master_ends();
    ck_told("gone\na: '' unavailable\n");
}
END_TEST

START_TEST(test_an_ask_is_left_at_the_end)
{
    static struct asker a, b;
    a = asker("a", "workers");
    b = asker("b", "workers");
    master_listens();
    master_greets();
    master_link_ask(link_, &a.ask);
    master_ends();
    master_link_ask(link_, &b.ask);
    ck_told("gone\na: '' unavailable\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("master_asked");
    TCase *tc = tcase_create("asked");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_answers_in_order);
    tcase_add_test(tc, test_an_answer_without_a_payload);
    tcase_add_test(tc, test_a_forgotten_ask_is_answered_to_nobody);
    tcase_add_test(tc, test_while_the_master_is_away);
    tcase_add_test(tc, test_the_master_goes);
    tcase_add_test(tc, test_an_ask_is_left_at_the_end);
    return run_suite(suite);
}
