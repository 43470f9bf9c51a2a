/* Secrets are taken out of texts and values; all else stays. */
#include "client/bundle/scrub.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void assert_scrubbed(const char *text, const char *expected)
{
    struct scrub scrub;
    char *copy = strdup(text);
    scrub_open(&scrub);
    scrub_add(&scrub, "sesame");
    scrub_add(&scrub, "sesame-and-more");
    scrub_add(&scrub, "a\"quote");
    scrub_add(&scrub, "abc"); /* no secret: too short */
    ck_assert_uint_eq(scrub_text(&scrub, copy, strlen(copy)), strlen(expected));
    ck_assert_str_eq(copy, expected);
    scrub_close(&scrub);
    free(copy);
}

START_TEST(known_secrets)
{
    assert_scrubbed("", "");
    assert_scrubbed("abc sesame sesame-and-more sesamesesame!", "abc *** *** ******!");
    assert_scrubbed("a\"quote a\\\"quote", "*** ***");
}
END_TEST

START_TEST(values_by_their_names)
{
    assert_scrubbed("user=bob password=x12 end", "user=bob password=*** end");
    assert_scrubbed("{\"db_password\":\"a \\\"b\\\" c\",\"n\":1}",
                    "{\"db_password\":\"***\",\"n\":1}");
    assert_scrubbed("token: 'one two' three", "token: '***' three");
    assert_scrubbed("name=\"Authorization: Bearer one two\" x", "name=\"Authorization: ***\" x");
    assert_scrubbed("Cookie: a=b; c=d\nnext", "Cookie: ***\nnext");
    assert_scrubbed("token-file=/etc/token host=h", "token-file=/etc/token host=h");
    assert_scrubbed("\"{\\\"key\\\": \\\"x12\\\"}\" y", "\"{\\\"key\\\": \\\"***\" y");
    assert_scrubbed("token=", "token=");
    assert_scrubbed("secret", "secret");
    assert_scrubbed("password=a&b,c;d end", "password=*** end");
    assert_scrubbed("\"tokens\": [\"one\", \"two\"]\nnext", "\"tokens\": ***\nnext");
    assert_scrubbed("\\\\\\\"key\\\\\\\":\\\\\\\"x12\\\\\\\" y", "\\\\\\\"key\\\\\\\":\\\\\\\"***");
}
END_TEST

START_TEST(names_with_blanks_behind_them)
{
    assert_scrubbed("password = x12 end", "password = *** end");
    assert_scrubbed("{\"token\" : \"x12\"}", "{\"token\" : \"***\"}");
    assert_scrubbed(":password => x12 end", ":password => *** end");
    assert_scrubbed("run --password x12 --user bob", "run --password *** --user bob");
    assert_scrubbed("run --token-file /etc/token", "run --token-file /etc/token");
    assert_scrubbed("the token is not known", "the token is not known");
}
END_TEST

START_TEST(forms_with_a_secret)
{
    assert_scrubbed("GET with Bearer abcdef, then", "GET with Bearer ***, then");
    assert_scrubbed("https://bob:pass@host/a https://host/a@b",
                    "https://***@host/a https://host/a@b");
    assert_scrubbed("ftp://bob:p@ss@host/a", "ftp://***@host/a");
    assert_scrubbed("BEARER  abcdef", "BEARER  ***");
    assert_scrubbed("unix:///path", "unix:///path");
}
END_TEST

START_TEST(values)
{
    struct scrub scrub;
    scrub_open(&scrub);
    json_t *value =
        json_loads("{\"token-file\":\"/t\",\"why\":\"password=x12\",\"log\":[\"token: x12\"],"
                   "\"token\":7,\"context\":{\"a\":1},\"list\":[{\"context\":1,\"n\":2}],"
                   "\"modules\":{\"key\":{\"config\":{\"a\":\"b\",\"n\":1,\"l\":[true,\"x\"],"
                   "\"pwd\":{\"n\":1}}}}}",
                   0, NULL);
    scrub_value(&scrub, value);
    char *text = json_dumps(value, JSON_COMPACT);
    ck_assert_str_eq(text,
                     "{\"token-file\":\"/t\",\"why\":\"password=***\",\"log\":[\"token: ***\"],"
                     "\"token\":\"***\",\"list\":[{\"n\":2}],\"modules\":{"
                     "\"key\":{\"config\":{\"a\":\"***\",\"n\":1,\"l\":[true,\"***\"],\"pwd\":"
                     "\"***\"}}}}");
    free(text);
    json_decref(value);
    scrub_close(&scrub);
}
END_TEST

static void assert_file(void (*learn)(struct scrub *scrub, const char *path), const char *content,
                        size_t count, const char *last)
{
    char path[] = "/tmp/test_scrub.XXXXXX";
    struct scrub scrub;
    int fd = mkstemp(path);
    ck_assert_int_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    close(fd);
    scrub_open(&scrub);
    learn(&scrub, path);
    learn(&scrub, NULL);
    learn(&scrub, "/nonexistent");
    ck_assert_uint_eq(scrub.count, count);
    ck_assert_str_eq(scrub.secrets[count - 1], last);
    scrub_close(&scrub);
    unlink(path);
}

START_TEST(files_of_tokens)
{
    assert_file(scrub_add_token_file, "# no\nfirst\n\nsecond one\r\n", 2, "second one");
    assert_file(scrub_add_token_file, " first\n  # no\n\tthe last \t\r\n", 2, "the last");
    assert_file(scrub_add_access_file, "#n t\nops first all\n\tweb \t second\tsubmit\nx\ny third",
                3, "third");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("scrub");
    tcase_add_test(tcase, known_secrets);
    tcase_add_test(tcase, values_by_their_names);
    tcase_add_test(tcase, names_with_blanks_behind_them);
    tcase_add_test(tcase, forms_with_a_secret);
    tcase_add_test(tcase, values);
    tcase_add_test(tcase, files_of_tokens);
    Suite *suite = suite_create("client scrub");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
