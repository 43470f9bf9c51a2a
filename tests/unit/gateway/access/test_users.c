/* test_users: tokens, and grants that outlive the settings. */
#include "gateway/access/access_internal.h"

#include "common/xmalloc.h"
#include "tests/unit/support.h"

static struct gateway_access_settings settings;

static struct grant some_grant(const char *name, unsigned rights)
{
    return (struct grant){.name = xstrdup(name), .rights = rights};
}

static void setup(void)
{
    struct grant limited = some_grant("cy", RIGHT_SUBMIT);
    settings = (struct gateway_access_settings){.access.access_file = (char *)"file"};
    grant_limit(&limited, "module:fib");
    token_set_add_grant(&settings.access.tokens, "token-of-ann", some_grant("ann", RIGHTS_ALL));
    token_set_add_grant(&settings.access.tokens, "token-of-cy", limited);
}

static void teardown(void)
{
    token_set_free(&settings.access.tokens);
}

START_TEST(test_tokens)
{
    struct users *users = users_new(&settings);
    const struct user *cy = users_find(users, "token-of-cy");
    ck_assert(users_ask_for_token(users));
    ck_assert_str_eq(users_find(users, "token-of-ann")->grant.name, "ann");
    ck_assert(grant_allows(&cy->grant, GRANT_MODULE, "fib"));
    ck_assert(!grant_allows(&cy->grant, GRANT_MODULE, "echo"));
    ck_assert_ptr_null(users_find(users, "token-of-bob"));
    ck_assert_ptr_null(users_find(users, ""));
    ck_assert_uint_eq(users_nobody(users)->grant.rights, 0);
    users_retire(users);
}
END_TEST

START_TEST(test_a_grant_outlives_the_settings)
{
    struct users *users = users_new(&settings);
    const struct user *ann = user_hold(users_find(users, "token-of-ann"));
    const struct user *same = user_hold(ann);
    token_set_free(&settings.access.tokens);
    users_retire(users);
    user_release(same);
    ck_assert_str_eq(ann->grant.name, "ann");
    user_release(ann);
}
END_TEST

/* A reload: the same token may be somebody else's, or nobody's. */
START_TEST(test_found_again)
{
    struct users *before = users_new(&settings);
    const struct user *ann = user_hold(users_find(before, "token-of-ann"));
    const struct user *cy = user_hold(users_find(before, "token-of-cy"));
    const struct user *nobody = user_hold(users_nobody(before));
    const struct user *anybody = user_hold(users_anybody(before));
    ck_assert_ptr_eq(users_find_again(before, ann), ann);
    users_retire(before);
    token_set_free(&settings.access.tokens);
    token_set_add_grant(&settings.access.tokens, "token-of-ann", some_grant("bob", RIGHT_SUBMIT));
    struct users *after = users_new(&settings);
    ck_assert_str_eq(users_find_again(after, ann)->grant.name, "bob");
    ck_assert_ptr_null(users_find_again(after, cy));
    ck_assert_ptr_null(users_find_again(after, anybody));
    ck_assert_ptr_eq(users_find_again(after, nobody), users_nobody(after));
    users_retire(after);
    settings.access.access_file = NULL;
    after = users_new(&settings);
    ck_assert_ptr_eq(users_find_again(after, anybody), users_anybody(after));
    users_retire(after);
    user_release(ann);
    user_release(cy);
    user_release(nobody);
    user_release(anybody);
}
END_TEST

START_TEST(test_without_an_access_file)
{
    settings.access.access_file = NULL;
    struct users *users = users_new(&settings);
    ck_assert(!users_ask_for_token(users));
    ck_assert_uint_eq(users_anybody(users)->grant.rights, RIGHT_OBSERVE);
    ck_assert_ptr_null(users_anybody(users)->grant.name);
    users_retire(users);
    settings.allow_writes = true;
    users = users_new(&settings);
    ck_assert_uint_eq(users_anybody(users)->grant.rights, RIGHTS_ALL);
    users_retire(users);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway_users");
    TCase *tc = tcase_create("users");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_tokens);
    tcase_add_test(tc, test_a_grant_outlives_the_settings);
    tcase_add_test(tc, test_found_again);
    tcase_add_test(tc, test_without_an_access_file);
    return run_suite(suite);
}
