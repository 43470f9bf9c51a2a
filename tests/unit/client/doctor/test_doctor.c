/* Faults of modules, clients, the process, and taskqueued. */
#include "tests/unit/client/doctor/exam_world.h"

static void assert_stats(void (*check)(const struct exam *exam, struct findings *findings),
                         const char *stats, const char *expected)
{
    world_check(check, &(struct world_answers){.first = stats}, expected);
}

START_TEST(breakers_and_failures)
{
    assert_stats(doctor_modules, "{\"modules\":{\"a\":{\"breaker\":{\"state\":\"closed\"}}}}", "");
    assert_stats(doctor_modules,
                 "{\"modules\":{\"a\":{\"breaker\":{\"state\":\"open\"}},"
                 "\"b\":{\"breaker\":{\"state\":\"probing\"}}}}",
                 "critical breaker-open module a; warning breaker-open module b");
    assert_stats(doctor_modules, "{\"modules\":{\"a\":{\"done\":10,\"failed\":11}}}",
                 "warning module-fails module a");
    assert_stats(doctor_modules, "{\"modules\":{\"a\":{\"done\":11,\"failed\":10}}}", "");
    assert_stats(doctor_modules, "{\"modules\":{\"a\":{\"done\":0,\"failed\":19}}}", "");
}
END_TEST

START_TEST(files_and_crashes)
{
    static const struct world_answers answers = {
        .first = "{}",
        .modules = "[{\"name\":\"a\",\"file\":null,\"enabled\":true},"
                   "{\"name\":\"b\",\"file\":null,\"enabled\":false},"
                   "{\"name\":\"c\",\"file\":\"/c.so\",\"enabled\":true}]",
        .crashes = "[{\"module\":\"c\",\"last_ms\":3600001},{\"module\":\"d\",\"last_ms\":5}]",
    };
    world_check(doctor_modules, &answers,
                "warning module-without-file module a; warning module-crashes module d");
}
END_TEST

START_TEST(unread_output)
{
    static const struct world_answers answers = {
        .first = "{}",
        .clients_before = "[{\"id\":1,\"output\":70000},{\"id\":2,\"output\":70000},"
                          "{\"id\":3,\"output\":9}]",
        .clients = "[{\"id\":1,\"output\":70000},{\"id\":2,\"output\":69999},"
                   "{\"id\":3,\"output\":99999},{\"id\":4,\"output\":99999}]",
    };
    world_check(doctor_clients, &answers, "warning client-unread client 1");
}
END_TEST

START_TEST(rooms)
{
    assert_stats(doctor_clients,
                 "{\"clients\":{\"connected\":8,\"max\":10},"
                 "\"queue\":{\"bytes\":96,\"bytes_max\":100},"
                 "\"output\":{\"bytes\":79,\"bytes_max\":100}}",
                 "warning clients-full clients; critical payloads-full payloads");
}
END_TEST

START_TEST(the_process)
{
    assert_stats(doctor_process,
                 "{\"draining\":true,\"process\":{\"loop_lag_us\":{\"p99\":100000}}}",
                 "warning loop-lag taskmasterd/0.0.1; warning draining taskmasterd/0.0.1; "
                 "warning release taskmasterd/0.0.1");
    assert_stats(doctor_process, "{\"process\":{\"loop_lag_us\":{\"p99\":1000000}}}",
                 "critical loop-lag taskmasterd/0.0.1; warning release taskmasterd/0.0.1");
}
END_TEST

START_TEST(a_queue)
{
    assert_stats(doctor_queue,
                 "{\"store\":{\"bytes\":10,\"bytes_max\":1000,\"has_room\":true},"
                 "\"jobs\":{\"waiting\":7,\"max\":10},\"master\":{\"connected\":true}}",
                 "");
    assert_stats(doctor_queue,
                 "{\"store\":{\"bytes\":800,\"bytes_max\":1000,\"has_room\":true},"
                 "\"jobs\":{\"waiting\":5,\"delayed\":3,\"max\":10,\"poisoned\":1},"
                 "\"master\":{\"connected\":false,\"address\":\"x:1\"}}",
                 "warning store-full store; warning queue-full jobs; critical master-away master "
                 "x:1; warning poison jobs");
    assert_stats(doctor_queue, "{\"store\":{\"bytes\":1,\"bytes_max\":1000,\"has_room\":false}}",
                 "critical store-full store");
    assert_stats(doctor_queue,
                 "{\"modules\":{\"a\":{\"held_ms\":5},\"b\":{\"paused\":true},\"c\":{}}}",
                 "warning module-held module a; warning module-paused module b");
}
END_TEST

START_TEST(a_queue_on_redis)
{
    static const struct world_answers unsteady = {
        .first =
            "{\"store\":{\"engine\":\"redis\",\"up\":true,\"has_room\":true,\"reconnects\":1}}",
        .last = "{\"store\":{\"engine\":\"redis\",\"up\":false,\"has_room\":false,\"reconnects\":3,"
                "\"why\":\"connection refused\"},\"jobs\":{\"late\":1,\"unconfirmed\":2}}",
    };
    assert_stats(doctor_queue,
                 "{\"store\":{\"engine\":\"redis\",\"up\":true,\"has_room\":true,\"reconnects\":9,"
                 "\"round_trip_us\":900},\"jobs\":{\"late\":0,\"max\":10}}",
                 "");
    world_check(doctor_queue, &unsteady,
                "warning redis-unsteady store; warning late-outcomes jobs; "
                "warning unconfirmed jobs; critical redis-away store");
    assert_stats(doctor_queue,
                 "{\"store\":{\"engine\":\"redis\",\"up\":true,\"has_room\":false,\"unsafe\":true,"
                 "\"round_trip_us\":20000}}",
                 "critical redis-full store; warning redis-slow store; warning redis-unsafe store");
    assert_stats(doctor_queue,
                 "{\"store\":{\"engine\":\"redis\",\"up\":true,\"has_room\":true,"
                 "\"round_trip_us\":500000}}",
                 "critical redis-slow store");
    assert_stats(doctor_queue,
                 "{\"store\":{\"engine\":\"redis\",\"up\":true,\"has_room\":true,\"bytes\":8000,"
                 "\"bytes_max\":10000}}",
                 "warning redis-full store");
    assert_stats(doctor_queue,
                 "{\"store\":{\"engine\":\"redis\",\"up\":true,\"has_room\":true,\"bytes\":9500,"
                 "\"bytes_max\":10000}}",
                 "critical redis-full store");
}
END_TEST

/* The gravest first; control characters do not reach a terminal. */
START_TEST(findings_for_people)
{
    char *text;
    size_t len;
    struct findings findings;
    findings_open(&findings);
    ck_assert_int_eq(findings_status(&findings), 0);
    findings_tell(&findings, FINDING_WARNING, "a", "pool", "x\033[1m", "%d of %d", 1, 2);
    findings_advise(&findings, "do %s", "this");
    ck_assert_int_eq(findings_status(&findings), 1);
    findings_tell(&findings, FINDING_UNKNOWN, "b", "server", NULL, "\xff");
    ck_assert_int_eq(findings_status(&findings), 3);
    findings_tell(&findings, FINDING_CRITICAL, "c", "store", NULL, "full");
    ck_assert_int_eq(findings_status(&findings), 2);
    FILE *out = open_memstream(&text, &len);
    findings_print(out, &findings);
    fclose(out);
    ck_assert_str_eq(text, "critical  store: full\n"
                           "unknown   server: ?\n"
                           "warning   pool x?[1m: 1 of 2\n"
                           "          -> do this\n");
    free(text);
    findings_close(&findings);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("doctor");
    tcase_add_test(tcase, breakers_and_failures);
    tcase_add_test(tcase, files_and_crashes);
    tcase_add_test(tcase, unread_output);
    tcase_add_test(tcase, rooms);
    tcase_add_test(tcase, the_process);
    tcase_add_test(tcase, a_queue);
    tcase_add_test(tcase, a_queue_on_redis);
    tcase_add_test(tcase, findings_for_people);
    Suite *suite = suite_create("client doctor");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
