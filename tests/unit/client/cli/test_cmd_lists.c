/* clients, modules and services. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

/* `items` is shown as `table`, and no items in words or as JSON. */
static void assert_list(const char *command, const char *request, const char *items,
                        const char *table)
{
    char none[64];
    snprintf(none, sizeof none, "no %s\n", command);
    assert_shown(request, command, items, ARGS(command), table);
    assert_shown(request, command, "[]", ARGS(command), none);
    assert_shown(request, command, "[]", ARGS(command, "--json"), "[]\n");
}

START_TEST(clients)
{
    static const char request[] = "{\"op\":\"clients\",\"id\":1,\"limit\":100}";
    static const char some[] =
        "[{\"id\":1,\"address\":\"unix\",\"name\":null,\"connected_ms\":61000,\"jobs\":0,\"pid\":7}"
        ","
        "{\"id\":12,\"address\":\"1.2.3.4:5\",\"name\":\"t/1\",\"output\":1536,\"jobs\":2}]";
    assert_list("clients", request, some,
                "id  name  address    pid  connected  jobs  output\n"
                " 1  -     unix         7  61.0s         0  -\n"
                "12  t/1   1.2.3.4:5    -  -             2  1.5K\n");
}
END_TEST

START_TEST(modules)
{
    static const char request[] = "{\"op\":\"modules\",\"id\":1}";
    static const char some[] =
        "[{\"name\":\"fib\",\"pool\":\"default\",\"enabled\":true,\"version\":null,\"loaded_by\":3,"
        "\"text\":\"a\\nb\",\"config\":{\"n\":1},\"breaker\":{\"state\":\"closed\"},\"x\":1}]";
    assert_list("modules", request, some,
                "name  pool     enabled  loaded_by  breaker\n"
                "fib   default  true             3  closed\n");
}
END_TEST

START_TEST(services)
{
    static const char request[] = "{\"op\":\"services\",\"id\":1}";
    static const char some[] =
        "[{\"name\":\"a.b\",\"owner\":{\"client\":17,\"name\":\"web\"},\"since_ms\":61000,"
        "\"delivered\":3,\"dropped\":0},"
        "{\"name\":\"c\",\"owner\":{\"client\":2,\"name\":null},\"since_ms\":5,\"delivered\":0,"
        "\"dropped\":10}]";
    assert_list("services", request, some,
                "name  client  owner  since  delivered  dropped\n"
                "a.b       17  web    61.0s          3        0\n"
                "c          2  -      5.0ms          0       10\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        clients,
        modules,
        services,
    };
    TCase *tcase = tcase_create("cmd_lists");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client cmd_lists");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
