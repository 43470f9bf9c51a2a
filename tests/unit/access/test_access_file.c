/* test_access_file: names, tokens and rights of a file, and the faults of one. No fault shows any
 * of the text. */
#include "access/access_file.h"

#include "tests/unit/support.h"

#include <sys/stat.h>
#include <unistd.h>

static char path[64], error[512];
static struct token_set set;

static void setup(void)
{
    strcpy(path, "/tmp/test_access_file.XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void teardown(void)
{
    token_set_free(&set);
    unlink(path);
}

static int read_file(void)
{
    return access_file_read(path, FILE_REGULAR, &set, error, sizeof error);
}

static int read_text(const char *text, size_t len)
{
    FILE *stream = fopen(path, "w");
    ck_assert(stream && fwrite(text, 1, len, stream) == len && fclose(stream) == 0);
    return read_file();
}

#define TEXT(literal) literal, sizeof literal - 1

START_TEST(test_each_line_is_a_name_a_token_and_rights)
{
    static const char text[] =
        "\n# ops secret-token-0000 all\r\n"
        "ops\tsecret-token-0001  all relay \t\r\n"
        "  web-2@example.org secret-token-0002 module:fib module:wc observe\n"
        "kv secret-#oken-0003 serve:kv serve:kv.v2";
    ck_assert_int_eq(read_text(text, sizeof text - 1), 0);
    ck_assert_uint_eq(set.count, 3);
    ck_assert_str_eq(set.tokens[0].grant.name, "ops");
    ck_assert_uint_eq(set.tokens[0].grant.rights, RIGHTS_EVERY);
    ck_assert_ptr_null(set.tokens[0].grant.limits);
    const struct grant *web = token_set_find(&set, "secret-token-0002");
    ck_assert_str_eq(web->name, "web-2@example.org");
    ck_assert_uint_eq(web->rights, RIGHT_SUBMIT | RIGHT_OBSERVE);
    ck_assert(grant_allows(web, GRANT_MODULE, "wc") && !grant_allows(web, GRANT_MODULE, "exec"));
    const struct grant *kv = token_set_find(&set, "secret-#oken-0003");
    ck_assert_uint_eq(kv->rights, RIGHT_SERVE);
    ck_assert(grant_allows(kv, GRANT_SERVICE, "kv.v2") && !grant_allows(kv, GRANT_SERVICE, "db"));
}
END_TEST

#define NAME_64  "n123456789012345678901234567890123456789012345678901234567890123"
#define TOKEN_64 "secret7890123456789012345678901234567890123456789012345678901234"

START_TEST(test_the_longest_words_pass)
{
    static const char text[] = NAME_64 " " TOKEN_64 TOKEN_64 TOKEN_64 TOKEN_64 " module:" NAME_64
                                       "\n1 secret7890123456 all";
    ck_assert_int_eq(read_text(text, sizeof text - 1), 0);
    ck_assert_uint_eq(set.count, 2);
}
END_TEST

/* All words of the lines but "all" begin with "secret". */
static const struct {
    const char *text;
    size_t len;
    const char *expected; /* behind the file's name */
} faults[] = {
    {TEXT(""), ": expected at least one line: NAME TOKEN RIGHT..."},
    {TEXT("# secret\n"), ": expected at least one line"},
    {TEXT("secret-token-0001"), ":1: found one word; expected NAME TOKEN RIGHT..."},
    {TEXT("\n\nsecret secret-token-0001\n"), ":3: found no right; expected NAME TOKEN RIGHT..."},
    {TEXT("secret secret-token-001 all\nsecret2 secret-token-002 all secret\n"),
     ":2: word 4 is no right; expected submit, module:NAME, "},
    {TEXT("secret secret-token-001 All"), ":1: word 3 is no right"},
    {TEXT("secret secret-token-001 module:"), ":1: word 3 is no right"},
    {TEXT("secret secret-token-001 module:secret/"), ":1: word 3 is no right"},
    {TEXT("secret secret-token-001 module:secret.secret"), ":1: word 3 is no right"},
    {TEXT("secret secret-token-001 serve:secret/secret"), ":1: word 3 is no right"},
    {TEXT("secret secret-token-1 all"),
     ":1: word 2 has 14 bytes; expected a token of 16 to 256 printable ASCII characters"},
    {TEXT("secret secret-tok\xc3\xa9n-0001 all"), ":1: word 2 has 18 bytes"},
    {TEXT("secret s" TOKEN_64 TOKEN_64 TOKEN_64 TOKEN_64 " all"), ":1: word 2 has 257 bytes"},
    {TEXT("secret$ secret-token-0001 all"), ":1: word 1 is no name; expected 1 to 64 letters"},
    {TEXT("-secret secret-token-0001 all"), ":1: word 1 is no name"},
    {TEXT("secret" NAME_64 " secret-token-0001 all"), ":1: word 1 is no name"},
    {TEXT("\xef\xbb\xbfsecret secret-token-0001 all"), ":1: word 1 is no name"},
    {TEXT("secret secret-token-0001 all\nsecret secret-token-0002 all\n"),
     ":2: another line has this name"},
    {TEXT("secret secret-token-0001 all\nsecret2 secret-token-0001 all\n"),
     ":2: another line, or the token-file, has this token"},
    {TEXT("secret secret-token-0001 all\0more\n"), ": expected text, found a NUL"},
};

START_TEST(test_a_fault_is_told_with_its_line)
{
    size_t name_len = strlen(path);
    ck_assert_int_eq(read_text(faults[_i].text, faults[_i].len), -1);
    ck_assert_msg(strncmp(error, path, name_len) == 0, "%s", error);
    ck_assert_msg(strncmp(error + name_len, faults[_i].expected, strlen(faults[_i].expected)) == 0,
                  "%s", error);
    ck_assert_ptr_null(strstr(error, "secret"));
}
END_TEST

START_TEST(test_a_token_of_the_token_file_is_no_other)
{
    token_set_add(&set, "secret-token-0001");
    ck_assert_int_eq(read_text(TEXT("secret secret-token-0001 all")), -1);
    ck_assert_ptr_nonnull(strstr(error, ":1: another line, or the token-file, has this token"));
}
END_TEST

START_TEST(test_a_file_has_at_most_256_tokens)
{
    static char many[ACCESS_COUNT_MAX * 40];
    size_t len = 0;
    for (int i = 0; i < ACCESS_COUNT_MAX; i++)
        len += (size_t)sprintf(many + len, "n%d secret-token-%06d all\n", i, i);
    ck_assert_int_eq(read_text(many, len), 0);
    ck_assert_uint_eq(set.count, 256);
    token_set_free(&set);
    token_set_add(&set, "a-token-of-the-token-file");
    ck_assert_int_eq(read_text(many, len), -1);
    ck_assert_ptr_nonnull(strstr(error, ":256: expected at most 256 tokens"));
}
END_TEST

static const struct {
    mode_t mode;
    int rc;
} modes[] = {{0400, 0}, {0640, 0}, {0660, 0}, {0644, -1}, {0604, -1}, {0602, -1}, {0601, 0}};

START_TEST(test_a_file_that_others_may_read_is_refused)
{
    ck_assert_int_eq(read_text(TEXT("ops secret-token-0001 all")), 0);
    token_set_free(&set);
    ck_assert_int_eq(chmod(path, modes[_i].mode), 0);
    ck_assert_int_eq(read_file(), modes[_i].rc);
    if (modes[_i].rc < 0)
        ck_assert_ptr_nonnull(strstr(error, ": others may read or write it, expected owner and "
                                            "group only: chmod o= FILE"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("access_file");
    TCase *tc = tcase_create("access_file");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_each_line_is_a_name_a_token_and_rights);
    tcase_add_test(tc, test_the_longest_words_pass);
    tcase_add_loop_test(tc, test_a_fault_is_told_with_its_line, 0, SUPPORT_COUNT(faults));
    tcase_add_test(tc, test_a_token_of_the_token_file_is_no_other);
    tcase_add_test(tc, test_a_file_has_at_most_256_tokens);
    tcase_add_loop_test(tc, test_a_file_that_others_may_read_is_refused, 0, SUPPORT_COUNT(modes));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
