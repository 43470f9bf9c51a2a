/* test_token_set: right, wrong and revoked tokens. */
#include "access/token_set.h"

#include "common/xmalloc.h"
#include "tests/unit/support.h"

static struct token_set set;

static void setup(void)
{
    token_set_add(&set, "first-token");
    token_set_add(&set, "second-token");
}

static void teardown(void)
{
    token_set_free(&set);
}

START_TEST(test_an_empty_set_asks_for_none)
{
    struct token_set none = {0};
    ck_assert_ptr_nonnull(token_set_find(&none, ""));
    ck_assert_ptr_nonnull(token_set_find(&none, "first-token"));
    ck_assert_ptr_nonnull(token_set_find_digest(&none, 0));
}
END_TEST

START_TEST(test_each_token_of_the_set_is_right)
{
    ck_assert_ptr_nonnull(token_set_find(&set, "first-token"));
    ck_assert_ptr_nonnull(token_set_find(&set, "second-token"));
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
    ck_assert_ptr_null(token_set_find(&set, wrong[_i]));
}
END_TEST

START_TEST(test_a_digest_is_right_until_its_token_is_revoked)
{
    uint64_t digest = token_digest("second-token");
    ck_assert_ptr_nonnull(token_set_find_digest(&set, digest));
    ck_assert_ptr_null(token_set_find_digest(&set, token_digest("third-token")));
    token_set_free(&set);
    token_set_add(&set, "first-token");
    ck_assert_ptr_null(token_set_find_digest(&set, digest));
    token_set_free(&set); /* no token is asked for any more */
    ck_assert_ptr_nonnull(token_set_find_digest(&set, digest));
}
END_TEST

START_TEST(test_sets_are_equal_with_the_same_tokens_in_the_same_order)
{
    struct token_set other = {0};
    ck_assert(!token_set_equal(&set, &other, false));
    token_set_add(&other, "second-token");
    token_set_add(&other, "first-token");
    ck_assert(!token_set_equal(&set, &other, false));
    token_set_free(&other);
    token_set_add(&other, "first-token");
    token_set_add(&other, "second-token");
    ck_assert(token_set_equal(&set, &other, false));
    token_set_free(&other);
    ck_assert(token_set_equal(&other, &(struct token_set){0}, false));
}
END_TEST

/* A token without a name has all rights but relay. */
START_TEST(test_a_token_is_found_with_its_grant)
{
    struct token_set none = {0};
    struct grant named = {.name = xstrdup("ops"), .rights = RIGHT_ADMIN};
    token_set_add_grant(&set, "a-token-of-a-name", named);
    ck_assert_str_eq(token_set_find(&set, "a-token-of-a-name")->name, "ops");
    ck_assert_uint_eq(token_set_find(&set, "a-token-of-a-name")->rights, RIGHT_ADMIN);
    ck_assert_ptr_null(token_set_find(&set, "first-token")->name);
    ck_assert_uint_eq(token_set_find(&set, "first-token")->rights, RIGHTS_ALL);
    ck_assert_uint_eq(token_set_find(&none, "")->rights, RIGHTS_EVERY);
    ck_assert_uint_eq(token_set_find_digest(&none, 7)->rights, RIGHTS_EVERY);
}
END_TEST

START_TEST(test_tokens_with_and_without_names_are_compared_apart)
{
    struct token_set other = {0};
    token_set_add(&other, "first-token");
    token_set_add_grant(&other, "a-token-of-a-name", (struct grant){.name = xstrdup("ops")});
    token_set_add(&other, "second-token");
    ck_assert(token_set_equal(&set, &other, false));
    ck_assert(!token_set_equal(&set, &other, true));
    token_set_add_grant(&set, "a-token-of-a-name", (struct grant){.name = xstrdup("ops")});
    ck_assert(token_set_equal(&set, &other, true));
    set.tokens[2].grant.rights = RIGHT_RELAY;
    ck_assert(!token_set_equal(&set, &other, true));
    token_set_free(&other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("token_set");
    TCase *tc = tcase_create("token_set");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_an_empty_set_asks_for_none);
    tcase_add_test(tc, test_each_token_of_the_set_is_right);
    tcase_add_loop_test(tc, test_every_other_text_is_wrong, 0, SUPPORT_COUNT(wrong));
    tcase_add_test(tc, test_a_digest_is_right_until_its_token_is_revoked);
    tcase_add_test(tc, test_sets_are_equal_with_the_same_tokens_in_the_same_order);
    tcase_add_test(tc, test_a_token_is_found_with_its_grant);
    tcase_add_test(tc, test_tokens_with_and_without_names_are_compared_apart);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
