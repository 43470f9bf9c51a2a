/* accept: lists with weights, as clients send them, and as nobody should. */
#include "gateway/http/accept.h"

#include "tests/unit/suite.h"

START_TEST(test_takes)
{
    static const struct {
        const char *list;
        bool takes;
    } cases[] = {
        {"text/event-stream", true},
        {"application/json, Text/Event-Stream", true},
        {"text/event-stream;charset=utf-8", true},
        {"text/event-stream;v=0;q=0.001", true},
        {"text/event-stream ; q=1", true},
        {"text/event-stream;q=0, */*", false},
        {"text/event-stream;v=1; Q=0.000 ,a/b", false},
        {"text/event-stream;q=0.;v=1", false},
        {"text/event-stream; , a/b;q=0", true},
        {"text/event-streams", false},
        {"x/text/event-stream", false},
        {"*/*", false},
        {"text/*", false},
        {"", false},
        {" , ,", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(accept_takes(cases[i].list, "text/event-stream") == cases[i].takes, "%s",
                      cases[i].list);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("accept");
    TCase *tc = tcase_create("lists");
    tcase_add_test(tc, test_takes);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
