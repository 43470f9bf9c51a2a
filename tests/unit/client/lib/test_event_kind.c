/* The table of events: a name for each type, and a part in a job's life. */
#include "client/lib/event_kind.h"
#include "tests/unit/suite.h"

#include <check.h>

enum { LAST_TYPE = TM_CLIENT_EVENT_RETRY };

START_TEST(each_type_has_its_name)
{
    for (int type = 0; type <= LAST_TYPE; type++) {
        const struct tmc_event_kind *kind = tmc_event_kind_of((tm_client_event_type)type);
        ck_assert_ptr_nonnull(kind);
        ck_assert_ptr_nonnull(kind->name);
        ck_assert_int_eq(tmc_event_kind_find(kind->name), type);
    }
    ck_assert_int_eq(tmc_event_kind_find("later"), TM_CLIENT_EVENT_OTHER);
    ck_assert_ptr_null(tmc_event_kind_of((tm_client_event_type)(LAST_TYPE + 1)));
}
END_TEST

START_TEST(final_events)
{
    const tm_client_event_type final[] = {TM_CLIENT_EVENT_DONE, TM_CLIENT_EVENT_FAILED,
                                          TM_CLIENT_EVENT_OVERLOAD, TM_CLIENT_EVENT_ERROR};
    size_t count = 0;
    for (int type = 0; type <= LAST_TYPE + 1; type++)
        count += tm_client_event_is_final(&(tm_client_event){.type = (tm_client_event_type)type});
    ck_assert_uint_eq(count, sizeof final / sizeof final[0]);
    for (size_t i = 0; i < count; i++)
        ck_assert(tm_client_event_is_final(&(tm_client_event){.type = final[i]}));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("event_kind");
    tcase_add_test(tcase, each_type_has_its_name);
    tcase_add_test(tcase, final_events);
    Suite *suite = suite_create("client event_kind");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
