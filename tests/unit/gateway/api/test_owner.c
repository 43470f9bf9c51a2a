/* owner: whose a job is. */
#include "gateway/api/owner.h"
#include "tests/unit/gateway/api/fake_exchange.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <string.h>

static struct http_exchange alice = {.user = "alice"}, nobody;

START_TEST(test_keys)
{
    char key[OWNER_KEY_MAX + 1], other[OWNER_KEY_MAX + 1];
    ck_assert(owner_key(&alice, "a/b", key));
    ck_assert_str_eq(key, "alice/a/b");
    ck_assert(owner_key(&nobody, "a/b", key));
    ck_assert_str_eq(key, "a/b");
    ck_assert(!owner_key(&nobody, NULL, key));
    ck_assert(owner_key(&alice, NULL, key) && owner_key(&alice, NULL, other));
    ck_assert_int_eq(strncmp(key, "alice/~", 7), 0);
    ck_assert_str_ne(key, other);
}
END_TEST

START_TEST(test_room)
{
    char own[OWNER_KEY_MAX + 1] = "", key[OWNER_KEY_MAX + 1];
    ck_assert_uint_eq(owner_key_room(&nobody), 128);
    ck_assert_uint_eq(owner_key_room(&alice), 122);
    memset(own, 'k', 122);
    ck_assert(owner_key(&alice, own, key));
    ck_assert_uint_eq(strlen(key), 128);
}
END_TEST

static bool has(struct http_exchange *exchange, bool kept, const char *owner, const char *key)
{
    json_t *status = json_pack("{s:s?,s:s?}", "owner", owner, "key", key);
    bool is_own = owner_has(exchange, status, kept);
    json_decref(status);
    return is_own;
}

START_TEST(test_own)
{
    ck_assert(has(&alice, false, "alice", NULL));
    ck_assert(!has(&alice, false, "alicea", NULL));
    ck_assert(!has(&alice, false, "alic", NULL));
    ck_assert(!has(&alice, false, NULL, "alice/1"));
    ck_assert(has(&alice, true, "web", "alice/1"));
    ck_assert(!has(&alice, true, "alice", NULL)); /* the gateway's own name is no user */
    ck_assert(!has(&alice, true, "web", "alice.b/1"));
    ck_assert(!has(&alice, true, "web", "alice"));
    ck_assert(!has(&nobody, true, "web", "/1"));
    ck_assert(!has(&nobody, false, NULL, NULL));
    ck_assert(!owner_has(&alice, NULL, false));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("owner");
    TCase *tc = tcase_create("owner");
    tcase_add_test(tc, test_keys);
    tcase_add_test(tc, test_room);
    tcase_add_test(tc, test_own);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
