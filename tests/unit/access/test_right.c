/* test_right: the words of an access-file, and the names of rights. */
#include "access/right.h"

#include "tests/unit/support.h"

static const struct {
    const char *word;
    unsigned rights;
} words[] = {
    {"submit", RIGHT_SUBMIT}, {"observe", RIGHT_OBSERVE}, {"control", RIGHT_CONTROL},
    {"serve", RIGHT_SERVE},   {"admin", RIGHT_ADMIN},     {"relay", RIGHT_RELAY},
    {"all", RIGHTS_ALL},      {"", RIGHT_NONE},           {"Submit", RIGHT_NONE},
    {"submi", RIGHT_NONE},    {"submits", RIGHT_NONE},    {"none", RIGHT_NONE},
};

START_TEST(test_a_word_is_a_right)
{
    ck_assert_uint_eq(right_of_word(words[_i].word, strlen(words[_i].word)), words[_i].rights);
}
END_TEST

START_TEST(test_all_is_every_right_but_relay)
{
    ck_assert_uint_eq(RIGHTS_ALL | RIGHT_RELAY, RIGHTS_EVERY);
    ck_assert(!(RIGHTS_ALL & RIGHT_RELAY));
    for (unsigned right = 1; right <= RIGHTS_EVERY; right <<= 1)
        ck_assert_uint_eq(right_of_word(right_name(right), strlen(right_name(right))), right);
}
END_TEST

START_TEST(test_a_set_is_named_by_its_lowest_right)
{
    ck_assert_ptr_null(right_name(RIGHT_NONE));
    ck_assert_str_eq(right_name(RIGHT_CONTROL | RIGHT_ADMIN), "control");
    ck_assert_str_eq(right_name(RIGHT_RELAY), "relay");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("right");
    TCase *tc = tcase_create("right");
    tcase_add_loop_test(tc, test_a_word_is_a_right, 0, SUPPORT_COUNT(words));
    tcase_add_test(tc, test_all_is_every_right_but_relay);
    tcase_add_test(tc, test_a_set_is_named_by_its_lowest_right);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
