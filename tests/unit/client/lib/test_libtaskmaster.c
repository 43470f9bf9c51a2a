/* The shared library exports the declarations of the header, name by name. The header compiles as
 * C11 and as C++, also together with module.h. Runs from the tree's root, as make does. */
#include "tests/unit/suite.h"

#include <check.h>
#include <libgen.h>
#include <limits.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 256 * 1024 };

/* All of a file or of a command's output. */
static char *read_all(FILE *in)
{
    char *text = calloc(1, TEXT_MAX);
    ck_assert_ptr_nonnull(in);
    size_t len = fread(text, 1, TEXT_MAX - 1, in);
    ck_assert_uint_lt(len, TEXT_MAX - 1);
    return text;
}

/* The library lies in the build folder, four levels above the tests. */
static void library_path(char *path, size_t size)
{
    char self[PATH_MAX] = "";
    ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof self - 1), 0);
    snprintf(path, size, "%s/../../../../libtaskmaster.so.0", dirname(self));
}

static bool has_word(const char *text, const char *word, size_t len)
{
    for (const char *at = text; (at = strstr(at, "tm_client_")); at++)
        if (strncmp(at, word, len) == 0 && !strchr("abcdefghijklmnopqrstuvwxyz_", at[len]))
            return true;
    return false;
}

/* Finds words in `from`, by the pattern's first group, and asserts that `in` has each. Returns
 * their number. */
static int assert_words(const char *from, const char *pattern, const char *in, const char *what)
{
    regex_t regex;
    regmatch_t match[2];
    int count = 0;
    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NEWLINE), 0);
    for (; regexec(&regex, from, 2, match, 0) == 0; from += match[0].rm_eo, count++) {
        const char *word = from + match[1].rm_so;
        size_t len = (size_t)(match[1].rm_eo - match[1].rm_so);
        ck_assert_msg(has_word(in, word, len), "%.*s %s", (int)len, word, what);
    }
    regfree(&regex);
    return count;
}

START_TEST(exports_what_the_header_declares)
{
    char path[PATH_MAX], command[PATH_MAX + 64];
    library_path(path, sizeof path);
    snprintf(command, sizeof command, "nm -D --defined-only --format=posix '%s'", path);
    FILE *pipe = popen(command, "re"), *file = fopen("include/taskmaster/client.h", "re");
    char *symbols = read_all(pipe), *header = read_all(file);
    ck_assert_int_eq(pclose(pipe), 0);
    fclose(file);

    /* A declaration begins its line; the words in comments do not. */
    int declared = assert_words(header, "^[a-zA-Z].*[ *](tm_client_[a-z_]+)\\(", symbols,
                                "is declared and not exported");
    int exported =
        assert_words(symbols, "^([^ @]+)[^ ]* [^A ] ", header, "is exported and not declared");
    ck_assert_int_eq(declared, exported);
    ck_assert_int_gt(declared, 20);
    free(symbols);
    free(header);
}
END_TEST

static void assert_compiles(const char *compiler, const char *includes)
{
    char command[1024];
    snprintf(command, sizeof command,
             "printf '%s' | %s -fsyntax-only -Wall -Wextra -Wpedantic -Werror -Iinclude -",
             includes, compiler);
    ck_assert_msg(system(command) == 0, "%s", command);
}

static const char *cxx(void)
{
    static const char *const names[] = {"c++", "g++", "clang++"};
    char command[64];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(command, sizeof command, "command -v %s >/dev/null", names[i]);
        if (system(command) == 0)
            return names[i];
    }
    return NULL;
}

#define CLIENT_ALONE "#include <taskmaster/client.h>\\n"
#define BOTH         CLIENT_ALONE "#include <taskmaster/module.h>\\n"

START_TEST(compiles_as_c_and_cxx)
{
    char compiler[64];
    assert_compiles("cc -std=c11 -xc", CLIENT_ALONE);
    assert_compiles("cc -std=c11 -xc", BOTH);
    if (!cxx())
        return; /* a machine without a C++ compiler has nobody to disappoint */
    snprintf(compiler, sizeof compiler, "%s -std=c++11 -xc++", cxx());
    assert_compiles(compiler, CLIENT_ALONE);
    snprintf(compiler, sizeof compiler, "%s -std=c++20 -xc++", cxx());
    assert_compiles(compiler, BOTH);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("exports");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, exports_what_the_header_declares);
    tcase_add_test(tcase, compiles_as_c_and_cxx);
    Suite *suite = suite_create("client exports");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
