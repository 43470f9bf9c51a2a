/* test_token_set: right, wrong and revoked tokens. */
#include "access/token_set.h"

#include "tests/unit/support.h"

static struct token_set set;

static void setup(void)
{
    ck_assert(token_set_add(&set, "first-token"));
    ck_assert(token_set_add(&set, "second-token"));
}

static void teardown(void)
{
    token_set_free(&set);
}

START_TEST(test_an_empty_set_accepts_every_token)
{
    struct token_set none = {0};
    ck_assert(token_set_accepts(&none, ""));
    ck_assert(token_set_accepts(&none, "first-token"));
    ck_assert(token_set_accepts_digest(&none, 0));
}
END_TEST

START_TEST(test_each_token_of_the_set_is_right)
{
    ck_assert(token_set_accepts(&set, "first-token"));
    ck_assert(token_set_accepts(&set, "second-token"));
}
END_TEST

static const char *const wrong[] = {"",
                                    "first-toke",
                                    "first-token-",
                                    "first-tokem",
                                    "Girst-token",
                                    "third-token",
                                    "first-token\n",
                                    "first-tokenfirst-token",
                                    "f"};

START_TEST(test_every_other_text_is_wrong)
{
    ck_assert(!token_set_accepts(&set, wrong[_i]));
}
END_TEST

START_TEST(test_a_digest_is_right_until_its_token_is_revoked)
{
    uint64_t digest = token_digest("second-token");
    ck_assert(token_set_accepts_digest(&set, digest));
    ck_assert(!token_set_accepts_digest(&set, token_digest("third-token")));
    token_set_free(&set);
    ck_assert(token_set_add(&set, "first-token"));
    ck_assert(!token_set_accepts_digest(&set, digest));
    token_set_free(&set); /* no token is asked for any more */
    ck_assert(token_set_accepts_digest(&set, digest));
}
END_TEST

START_TEST(test_sets_are_equal_with_the_same_tokens_in_the_same_order)
{
    struct token_set other = {0};
    ck_assert(!token_set_equal(&set, &other));
    token_set_add(&other, "second-token");
    token_set_add(&other, "first-token");
    ck_assert(!token_set_equal(&set, &other));
    token_set_free(&other);
    token_set_add(&other, "first-token");
    token_set_add(&other, "second-token");
    ck_assert(token_set_equal(&set, &other));
    token_set_free(&other);
    ck_assert(token_set_equal(&other, &(struct token_set){0}));
}
END_TEST

START_TEST(test_a_set_has_room_for_64_tokens)
{
    char text[32];
    for (int i = 2; i < TOKEN_COUNT_MAX; i++) {
        snprintf(text, sizeof text, "token-number-%d", i);
        ck_assert(token_set_add(&set, text));
    }
    ck_assert(!token_set_add(&set, "one-too-many"));
    ck_assert_uint_eq(set.count, 64);
    ck_assert(token_set_accepts(&set, "token-number-63"));
    ck_assert(!token_set_accepts(&set, "one-too-many"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("token_set");
    TCase *tc = tcase_create("token_set");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_an_empty_set_accepts_every_token);
    tcase_add_test(tc, test_each_token_of_the_set_is_right);
    tcase_add_loop_test(tc, test_every_other_text_is_wrong, 0, SUPPORT_COUNT(wrong));
    tcase_add_test(tc, test_a_digest_is_right_until_its_token_is_revoked);
    tcase_add_test(tc, test_sets_are_equal_with_the_same_tokens_in_the_same_order);
    tcase_add_test(tc, test_a_set_has_room_for_64_tokens);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
