/* test_config: every setting's edges, where a value may come from, and what an error says. */
#include "base/file_read.h"
#include "common/xmalloc.h"
#include "config/json_line.h"
#include "config/print.h"
#include "config/rows.h"
#include "settings.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRINT_PATHS "--print-paths" /* what this program does when test_paths runs a copy of it */

enum { OVERRIDES_MAX = 8 };

static char dir[] = "/tmp/test_config.XXXXXX";
static char file[64], token_file[64];
static char error[1024];
static char ignored[256]; /* keys that a reload did not change, each with a blank behind it */

static void setup(void)
{
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(file, sizeof file, "%s/conf", dir);
    snprintf(token_file, sizeof token_file, "%s/tokens", dir);
    error[0] = '\0';
}

static void teardown(void)
{
    unlink(file);
    unlink(token_file);
    ck_assert_int_eq(rmdir(dir), 0);
}

static void write_bytes(const char *path, const char *text, size_t len)
{
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(text, 1, len, out), len);
    ck_assert_int_eq(fclose(out), 0);
}

static void write_text(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

static void note_key(const char *key, void *arg)
{
    strcat(strcat(arg, key), " ");
}

/* Loads a file of `text` (NULL: none) and the overrides, a list that ends with NULL; over what is
 * in force, if that is not NULL. */
static struct config *vload(const struct config *in_force, const char *text, va_list ap)
{
    char *overrides[OVERRIDES_MAX];
    struct config_args args = {.program = "test_config", .overrides = overrides};
    if (text) {
        write_text(file, text);
        args.file = file;
    }
    for (char *s; (s = va_arg(ap, char *));) {
        ck_assert_uint_lt(args.override_count, OVERRIDES_MAX);
        overrides[args.override_count++] = s;
    }
    ignored[0] = '\0';
    return in_force ? config_reload(in_force, &args, note_key, ignored, error, sizeof error)
                    : config_load(&settings_schema, &args, error, sizeof error);
}

static struct config *load(const char *text, ...)
{
    va_list ap;
    va_start(ap, text);
    struct config *config = vload(NULL, text, ap);
    va_end(ap);
    ck_assert_msg(config != NULL, "%s", error);
    return config;
}

/* The error, with "FILE" for the file's name. */
static const char *refusal(const char *text, ...)
{
    static char shown[sizeof error];
    va_list ap;
    va_start(ap, text);
    struct config *config = vload(NULL, text, ap);
    va_end(ap);
    ck_assert_msg(config == NULL, "accepted %s", text ? text : "the command line");
    ck_assert_ptr_null(strpbrk(error, "\n\r\t"));
    if (strncmp(error, file, strlen(file)) != 0)
        return error;
    snprintf(shown, sizeof shown, "FILE%s", error + strlen(file));
    return shown;
}

/* The table says what was agreed on. A change of a default or range is one here, too. */
static const struct {
    const char *key;
    uint64_t min, max;
    const char *default_text;
    bool reload;
} agreed[] = {
    {"listen", 1, 16, "[\"127.0.0.1:7741\"]", false},
    {"socket-mode", 0, 0777, "\"0660\"", false},
    {"client-max", 1, 1000000, "10000", true},
    {"hello-timeout-ms", 1, 86400000, "10000", true},
    {"header-timeout-ms", 1, 86400000, "10000", true},
    {"payload-timeout-ms", 1, 86400000, "60000", true},
    {"output-timeout-ms", 1, 86400000, "60000", true},
    {"linger-ms", 0, 86400000, "1000", true},
    {"payload-max", 1024, 1073741824, "16777216", true},
    {"payload-total-max", 1024, 1099511627776, "268435456", true},
    {"output-total-max", 1024, 1099511627776, "536870912", true},
    {"worker-listen", 1, 4095, "\"127.0.0.1:0\"", false},
    {"worker-path", 1, 4095, "null", true},
    {"pool-start", 0, 10000, "2", true},
    {"pool-max", 1, 10000, "4", true},
    {"job-max", 0, 10000000, "100", true},
    {"client-job-max", 0, 10000000, "0", true},
    {"client-output-max", 1025, 1099511627776, "67108864", true},
    {"worker-window", 1, 32, "16", true},
    {"start-timeout-ms", 1, 86400000, "10000", true},
    {"job-timeout-ms", 0, 2592000000, "0", true},
    {"kill-grace-ms", 0, 86400000, "5000", true},
    {"module-dir", 1, 4095, "null", true},
    {"preload", 0, 1000, "[]", true},
    {"modules", 0, 0, "{}", true},
    {"drain-timeout-ms", 1, 86400000, "30000", true},
    {"token-file", 1, 4095, "null", true},
    {"allow-open-listen", 0, 0, "false", true},
    {"user", 1, 255, "null", false},
    {"group", 1, 255, "null", false},
    {"log-level", 0, 0, "\"info\"", true},
    {"log-format", 0, 0, "\"text\"", true},
};

START_TEST(test_table)
{
    struct config_cursor cursor = {0};
    struct config_key found;
    ck_assert_uint_eq(config_schema_count(&settings_schema), sizeof agreed / sizeof agreed[0]);
    for (size_t i = 0; config_schema_next(&settings_schema, &cursor); i++) {
        const struct option *option = cursor.key.option;
        ck_assert_str_eq(option->key, agreed[i].key);
        ck_assert_uint_eq(option->min, agreed[i].min);
        ck_assert_uint_eq(option->max, agreed[i].max);
        ck_assert_str_eq(option->default_text, agreed[i].default_text);
        ck_assert_int_eq(option->reload, agreed[i].reload);
        ck_assert(config_schema_find(&settings_schema, option->key, &found));
        ck_assert_ptr_eq(found.option, option);
        ck_assert_msg(!strchr(option->help, '\n') && !strstr(option->help, ". "), "%s",
                      option->key);
    }
    ck_assert(!config_schema_find(&settings_schema, "pool", &found));
}
END_TEST

static bool is_number(const struct option *option)
{
    return option->kind == OPTION_UINT32 || option->kind == OPTION_UINT64;
}

/* Sets one key from JSON text, without the checks of several keys together. */
static int set_json(void *part, const struct option *option, const char *text,
                    struct value_error *found)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    ck_assert_msg(value != NULL, "%s", text);
    int rc = config_rows_set(part, option, value, found);
    json_decref(value);
    return rc;
}

static int set_number(void *part, const struct option *option, int64_t number,
                      struct value_error *found)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, number);
    int rc = set_json(part, option, text, found);
    if (number >= 0)
        ck_assert_int_eq(config_rows_set_text(part, option, text, found), rc);
    return rc;
}

START_TEST(test_ranges)
{
    struct config_cursor cursor = {0};
    while (config_schema_next(&settings_schema, &cursor)) {
        const struct option *option = cursor.key.option;
        struct settings settings = {0};
        void *part = (char *)&settings + cursor.key.part;
        struct value_error found;
        char expected[EXPECTED_MAX];
        if (!is_number(option))
            continue;
        int64_t edges[] = {(int64_t)option->min, (int64_t)option->max};
        for (size_t j = 0; j < 2; j++) {
            ck_assert_int_eq(set_number(part, option, edges[j], &found), 0);
            json_t *value = config_rows_get(part, option);
            ck_assert_int_eq(json_integer_value(value), edges[j]);
            json_decref(value);
        }
        config_expected(option, expected);
        int64_t beyond[] = {(int64_t)option->min - 1, (int64_t)option->max + 1, -1, INT64_MAX};
        for (size_t j = 0; j < 4; j++) {
            ck_assert_int_eq(set_number(part, option, beyond[j], &found), -1);
            ck_assert_ptr_nonnull(strstr(found.text, expected));
        }
        json_t *value = config_rows_get(part, option);
        ck_assert_int_eq(json_integer_value(value), edges[1]); /* as it was */
        json_decref(value);
    }
}
END_TEST

START_TEST(test_wrong_types)
{
    static const char *const values[] = {"null", "true", "-1",  "1.5",    "1e3", "\"text\"",
                                         "\"\"", "[]",   "[1]", "[\"\"]", "{}",  "{\"a\":1}"};
    static const bool accepted[][12] = {
        [OPTION_UINT32] = {0},
        [OPTION_UINT64] = {0},
        [OPTION_BOOL] = {[1] = true},
        [OPTION_STRING] = {[5] = true},
        [OPTION_STRING_LIST] = {[5] = true},
        [OPTION_ENUM] = {0},
        [OPTION_ENTRIES] = {[10] = true},
    };
    struct config_cursor cursor = {0};
    while (config_schema_next(&settings_schema, &cursor)) {
        const struct option *option = cursor.key.option;
        for (size_t j = 0; j < sizeof values / sizeof values[0]; j++) {
            struct settings settings = {0};
            void *part = (char *)&settings + cursor.key.part;
            struct value_error found;
            bool expected = accepted[option->kind][j] ||
                            (j == 0 && option->kind == OPTION_STRING &&
                             strcmp(option->default_text, "null") == 0) ||
                            (j == 5 && strcmp(option->key, "log-format") == 0) ||
                            (j == 7 && strcmp(option->key, "preload") == 0);
            int rc = set_json(part, option, values[j], &found);
            ck_assert_msg(rc == (expected ? 0 : -1), "%s: %s", option->key, values[j]);
            config_rows_release(part, &(struct option_table){option, 1});
        }
    }
}
END_TEST

/* --key=TEXT takes no less and no more than the type. */
START_TEST(test_command_line_texts)
{
    static const struct {
        const char *override;
        bool good;
    } cases[] = {
        {"pool-max=7", true},
        {"pool-max=", false},
        {"pool-max=+7", false},
        {"pool-max= 7", false},
        {"pool-max=7 ", false},
        {"pool-max=0x7", false},
        {"pool-max=7.0", false},
        {"pool-max=-7", false},
        {"pool-max=seven", false},
        {"pool-max=99999999999999999999", false},
        {"pool-max", false},
        {"=7", false},
        {"", false},
        {"allow-open-listen=true", true},
        {"allow-open-listen=1", false},
        {"allow-open-listen=yes", false},
        {"log-level=warn", true},
        {"log-level=WARN", false},
        {"log-level=", false},
        {"log-level=loud", false},
        {"socket-mode=0660", true},
        {"socket-mode=600", true},
        {"socket-mode=000", true},
        {"socket-mode=0777", true},
        {"socket-mode=1777", false},
        {"socket-mode=00660", false},
        {"socket-mode=66", false},
        {"socket-mode=0668", false},
        {"socket-mode=", false},
        {"socket-mode=rw-", false},
        {"user=www", true},
        {"user=", false},
        {"token-file=", false},
        {"user=\xff", false},
        {"preload=", true},
        {"preload=a,b-c,d_e", true},
        {"preload=a,,b", false},
        {"preload=a,", false},
        {"preload=\xff", false},
        {"listen=", false},
        {"modules={}", true},
        {"modules={\"fib\":{\"enabled\":false}}", true},
        {"modules=[]", false},
        {"modules={", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *override = cases[i].override;
        if (cases[i].good) {
            config_free(load(NULL, override, NULL));
            continue;
        }
        char origin[64];
        snprintf(origin, sizeof origin, "--%s: ", override);
        ck_assert_msg(strncmp(refusal(NULL, override, NULL), origin, strlen(origin)) == 0, "%s",
                      error);
    }
}
END_TEST

START_TEST(test_defaults)
{
    struct config *config = load(NULL, NULL);
    ck_assert_uint_eq(settings_of(config)->clients.listen.count, 1);
    ck_assert_str_eq(settings_of(config)->clients.listen.items[0], "127.0.0.1:7741");
    ck_assert_str_eq(settings_of(config)->workers.listen, "127.0.0.1:0");
    ck_assert_uint_eq(settings_of(config)->jobs.pool_start, 2);
    ck_assert_uint_eq(settings_of(config)->jobs.pool_max, 4);
    ck_assert_uint_eq(settings_of(config)->jobs.job_max, 100);
    ck_assert_uint_eq(settings_of(config)->clients.payload_max, 16777216);
    ck_assert_uint_eq(settings_of(config)->modules.modules.count, 0);
    ck_assert_uint_eq(settings_of(config)->access.tokens.count, 0);
    ck_assert_uint_eq(settings_of(config)->clients.socket_mode, 0660);
    ck_assert_ptr_null(settings_of(config)->access.token_file);
    ck_assert_int_eq(settings_of(config)->log.level, LOG_INFO);
    ck_assert_int_eq(settings_of(config)->log.format, LOG_TEXT);
    ck_assert_ptr_null(module_settings_find(&settings_of(config)->modules, "fib"));
    config_free(config);
    config_free(load("{}", NULL));
}
END_TEST

START_TEST(test_file_and_overrides)
{
    struct config *config =
        load("{\"pool-max\": 8, \"job-max\": 5, \"log-level\": \"debug\", \"listen\": "
             "[\"[::1]:1\", \"unix:/x\"], \"user\": \"a\"}",
             "job-max=6", "job-max=7", "user=b", NULL);
    ck_assert_uint_eq(settings_of(config)->jobs.pool_max, 8);
    ck_assert_uint_eq(settings_of(config)->jobs.job_max, 7);
    ck_assert_int_eq(settings_of(config)->log.level, LOG_DEBUG);
    ck_assert_uint_eq(settings_of(config)->clients.listen.count, 2);
    ck_assert_str_eq(settings_of(config)->clients.listen.items[1], "unix:/x");
    ck_assert_str_eq(settings_of(config)->identity.user, "b");
    config_free(config);
    /* An override makes good what the file alone would not be allowed. */
    config_free(load("{\"pool-start\": 9}", "pool-max=9", NULL));
}
END_TEST

START_TEST(test_modules)
{
    struct config *config =
        load("{\"modules\": {\"wc\": {}, \"fib\": {\"enabled\": false, \"timeout-ms\": 7, "
             "\"config\": {\"b\": 1, \"a\": [null]}}, \"a\": {\"config\": {}}}}",
             NULL);
    const struct module_setting *modules = settings_of(config)->modules.modules.items;
    ck_assert_uint_eq(settings_of(config)->modules.modules.count, 3);
    ck_assert_str_eq(modules[0].name, "a");
    ck_assert_str_eq(modules[1].name, "fib");
    ck_assert_str_eq(modules[2].name, "wc");
    const struct module_setting *fib = module_settings_find(&settings_of(config)->modules, "fib");
    ck_assert_ptr_eq(fib, &modules[1]);
    ck_assert(!fib->enabled);
    ck_assert_uint_eq(fib->timeout_ms, 7);
    ck_assert_str_eq(fib->config, "{\"b\":1,\"a\":[null]}");
    const struct module_setting *wc = module_settings_find(&settings_of(config)->modules, "wc");
    ck_assert(wc->enabled);
    ck_assert_uint_eq(wc->timeout_ms, 0);
    ck_assert_str_eq(wc->config, "{}");
    ck_assert_ptr_null(module_settings_find(&settings_of(config)->modules, "f"));
    ck_assert_ptr_null(module_settings_find(&settings_of(config)->modules, "zz"));
    config_free(config);
}
END_TEST

static const struct {
    const char *text;
    const char *error;
} bad_files[] = {
    {"", "FILE:1: '{' expected near end of file"},
    {"[]", "FILE:1: expected an object, { ... }, at the top"},
    {"{\n\"pool-max\": 4,\n}",
     "FILE:3: string or '}' expected near '}'; JSON has no comma behind the last item"},
    {"{\"preload\": [\"a\",\n ]}",
     "FILE:2: unexpected token near ']'; JSON has no comma behind the last item"},
    {"{\"preload\": [\"a\"}", "FILE:1: ']' expected near '}'"},
    {"{\n// none\n}", "FILE:2: string or '}' expected near '/'; JSON has no comments"},
    {"{\"job-max\": 4, # none\n}", "FILE:1: string or '}' expected near '#'; JSON has no comments"},
    {"/* none */ {}", "FILE:1: '{' expected near '/'; JSON has no comments"},
    {"{}\nx", "FILE:2: end of file expected near 'x'"},
    {"{\n\"pool-max\": 4,\n\"pool-max\": 4}", "FILE:3: duplicate object key"},
    {"{\n\"modules\":\n{\"a\":{},\n\"a\":{}}}", "FILE:4: duplicate object key"},
    {"{\"job-max\": 9,\n\"pool-max\":\n99999999999999999999, \"job-max\": 1}",
     "FILE:3: pool-max: found a number that is too large, expected an integer from 1 to 10000"},
    {"{\"linger-ms\": 1e999}", "FILE:1: linger-ms: found a number that is too large, expected"},
    {"{\"modules\":{\"fib\":{\"timeout-ms\":\n-99999999999999999999}}}",
     "FILE:2: timeout-ms: found a number that is too large, expected an integer from 0 to "},
    {"{\"colour\": 99999999999999999999}", "FILE:1: too big integer"},
    {"[99999999999999999999]", "FILE:1: too big integer"},
    {"{\"user\": \"\xff\"}", "FILE:1: unable to decode byte 0xff near '\"'; the file is not UTF-8"},
    {"{\"user\": \"a\\u0000b\"}", "FILE:1: a text may not hold \\u0000"},
    {"{\"us\\u0000er\": \"a\"}", "FILE:1: a text may not hold \\u0000"},
    {"{\n\n\"pool-mx\": 4}", "FILE:3: unknown key pool-mx, did you mean pool-max?"},
    {"{\n\n\"Pool_Max\": 4}", "FILE:3: unknown key Pool_Max"},
    {"{\"something-else\": 4}",
     "FILE:1: unknown key something-else; taskmasterd --help lists those that there are"},
    {"{\"a\\nb\": 4}", "FILE:1: unknown key a?b"},
    {"{\n\"pool-max\": 0}", "FILE:2: pool-max: found 0, expected an integer from 1 to 10000"},
    {"{\"pool-max\": \"4\"}", "FILE:1: pool-max: found \"4\", expected an integer from 1 to 10000"},
    {"{\"pool-max\": null}", "FILE:1: pool-max: found null, expected an integer from 1 to 10000"},
    {"{\"log-level\": \"all\"}",
     "FILE:1: log-level: found \"all\", expected debug, info, warn or error"},
    {"{\"allow-open-listen\": 1}", "FILE:1: allow-open-listen: found 1, expected true or false"},
    {"{\"listen\": []}", "FILE:1: listen: found a list of 0, expected a text or a list of 1 to 16"},
    {"{\"listen\": [\"unix:/x\", 7]}", "FILE:1: listen: found 7 as item 2, expected a text or"},
    {"{\"listen\": \"7741\"}", "FILE:1: listen: found \"7741\", expected HOST:PORT"},
    {"{\"socket-mode\": 660}",
     "FILE:1: socket-mode: found 660, expected an octal text from \"0000\" to \"0777\""},
    {"{\"socket-mode\": \"0888\"}",
     "FILE:1: socket-mode: found \"0888\", expected an octal text from \"0000\" to \"0777\""},
    {"{\"user\": 1}", "FILE:1: user: found 1, expected a text of 1 to 255 bytes"},
    {"{\"modules\": []}", "FILE:1: modules: found a list, expected an object with an entry"},
    {"{\"modules\":{\n\"a b\":{}}}", "FILE:2: modules.a b: expected a module's name of 1 to 64"},
    {"{\"modules\":{\n\"\":{}}}", "FILE:1: modules: expected a module's name of 1 to 64"},
    {"{\"modules\":{\n\"a\":{},\n\"fib\":true}}",
     "FILE:3: modules.fib: found a boolean, expected an object"},
    {"{\"modules\":{\n\"fib\":{\n\"enable\":true}}}",
     "FILE:3: modules.fib.enable: unknown key; expected enabled, timeout-ms or config"},
    {"{\"modules\":{\"fib\":{\"timeout\":1}}}",
     "FILE:1: modules.fib.timeout: unknown key; expected enabled, timeout-ms or config"},
    {"{\"modules\":{\n\"fib\":{\n\"timeout-ms\":\n-1}}}",
     "FILE:3: modules.fib.timeout-ms: found -1, expected an integer from 0 to 2592000000"},
    {"{\"modules\":{\n\"fib\":{\n\"config\":\"hunter2\"}}}",
     "FILE:3: modules.fib.config: found a text, expected an object"},
    {"{\"preload\": [\"fib\", \"../x\"]}", "FILE:1: preload: found \"../x\", expected a module's"},
    {"{\"pool-max\": 3,\n\"pool-start\": 4}",
     "FILE:2: pool-start: found 4, expected at most pool-max, 3"},
    {"{\n\"payload-max\": 1048576, \"payload-total-max\": 1048575}",
     "FILE:2: payload-total-max: found 1048575, expected at least payload-max, 1048576"},
    {"{\n\"payload-max\": 1073741824}", "FILE:2: payload-max: found 1073741824, but "
                                        "payload-total-max is 268435456 by default and must "
                                        "be at least payload-max: raise it too"},
    {"{\n\"payload-max\": 67108864}", "FILE:2: payload-max: found 67108864, but client-output-max "
                                      "is 67108864 by default and must be "
                                      "more than payload-max: raise it too"},
    {"{\n\"payload-max\": 1073741824, \"payload-total-max\": 1073741824}",
     "FILE:2: payload-max: found 1073741824, but output-total-max is 536870912 by default and must "
     "be at least payload-max: raise it too"},
    {"{\n\"output-total-max\": 1048576}",
     "FILE:2: output-total-max: found 1048576, expected at least payload-max, 16777216 by default"},
    {"{\n\"payload-total-max\": 2048}",
     "FILE:2: payload-total-max: found 2048, expected at least payload-max, 16777216 by default"},
    {"{\"pool-start\": 5}", "FILE:1: pool-start: found 5, expected at most pool-max, 4 by default"},
    {"{\"client-output-max\":\n16777216}",
     "FILE:1: client-output-max: found 16777216, expected more than payload-max, 16777216"},
    {"{\"worker-listen\": \"unix:/x\"}", "FILE:1: worker-listen: found \"unix:/x\", expected"},
};

START_TEST(test_bad_files)
{
    const char *found = refusal(bad_files[_i].text, NULL);
    ck_assert_msg(strncmp(found, bad_files[_i].error, strlen(bad_files[_i].error)) == 0,
                  "found    %s\nexpected %s", found, bad_files[_i].error);
}
END_TEST

START_TEST(test_unreadable_files)
{
    struct config_args args = {.program = "test_config", .file = dir};
    ck_assert_ptr_null(config_load(&settings_schema, &args, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, "Is a directory"));
    args.file = "/nonexistent/conf";
    ck_assert_ptr_null(config_load(&settings_schema, &args, error, sizeof error));
    ck_assert_str_eq(error, "/nonexistent/conf: No such file or directory");
    write_bytes(file, "{\0}", 3);
    args.file = file;
    ck_assert_ptr_null(config_load(&settings_schema, &args, error, sizeof error));
    char tiny[8];
    ck_assert_ptr_null(config_load(&settings_schema, &args, tiny, sizeof tiny));
    ck_assert_uint_eq(strlen(tiny), sizeof tiny - 1);
}
END_TEST

/* Keys are found by what they say, and brackets and quotes in texts mislead nobody. */
START_TEST(test_key_lines)
{
    static const char text[] = "\n{ \"a\": \"}\\\"{\\\\\",\n"
                               "  \"b\": [ {\"c\": 1}, \"]\",\n"
                               "    2 ],\n"
                               "  \"n\\u0061me\"\n"
                               "    : {\n"
                               "    \"a\": { \"c\": {} },\n"
                               "    \"c\": 3\n"
                               "  },\n"
                               "  \"c\": \"{\\n\", \"last\": {}\n"
                               "}\n";
    static const struct {
        const char *path[3];
        size_t depth;
        unsigned line;
    } cases[] = {
        {{"a"}, 1, 2},
        {{"b"}, 1, 3},
        {{"name"}, 1, 5},
        {{"c"}, 1, 10},
        {{"last"}, 1, 10},
        {{"none"}, 1, 0},
        {{"name", "a"}, 2, 7},
        {{"name", "c"}, 2, 8},
        {{"name", "a", "c"}, 3, 7},
        {{"name", "none"}, 2, 5},
        {{"a", "c"}, 2, 2},
        {{"b", "c"}, 2, 3},
        {{"last", "c"}, 2, 10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(json_key_line(text, cases[i].path, cases[i].depth) == cases[i].line,
                      "case %zu", i);
}
END_TEST

/* Each key, wrong, alone on its line behind all kinds of values. */
START_TEST(test_every_key_has_its_line)
{
    struct config_cursor cursor = {0};
    while (config_schema_next(&settings_schema, &cursor)) {
        const char *key = cursor.key.option->key;
        if (cursor.key.option->kind == OPTION_ENTRIES)
            continue;
        char *text = xasprintf("{\n\"modules\": {\"x\": {\"config\": {\"%s\": \"\\\"}\"}}},\n%s\n"
                               "\"%s\": %s\n}",
                               key, strcmp(key, "user") ? "\"user\": \"{\"," : "", key, "1.25");
        char *expected = xasprintf("FILE:4: %s: found 1.25, expected ", key);
        const char *found = refusal(text, NULL);
        ck_assert_msg(strncmp(found, expected, strlen(expected)) == 0, "%s", found);
        free(expected);
        free(text);
    }
}
END_TEST

START_TEST(test_pool_start)
{
    struct config *config = load("{\"pool-max\": 1}", NULL);
    ck_assert_uint_eq(settings_of(config)->jobs.pool_start, 1);
    config_free(config);
    config = load(NULL, "pool-start=0", "job-max=0", "pool-max=1", NULL);
    ck_assert_uint_eq(settings_of(config)->jobs.pool_start, 0);
    ck_assert_uint_eq(settings_of(config)->jobs.job_max, 0);
    config_free(config);
    ck_assert_str_eq(refusal("{\"pool-max\": 3}", "pool-start=4", NULL),
                     "--pool-start=4: found 4, expected at most pool-max, 3");
    ck_assert_str_eq(refusal(NULL, "pool-max=1", "pool-start=2", NULL),
                     "--pool-start=2: found 2, expected at most pool-max, 1");
}
END_TEST

START_TEST(test_open_listen)
{
    static const char *const open[] = {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "some.host:1"};
    static const char *const local[] = {"127.1.2.3:1", "[::1]:1", "localhost:1", "unix:/x"};
    write_text(token_file, "a-good-token\n");
    char *tokens = xasprintf("token-file=%s", token_file);
    for (size_t i = 0; i < 4; i++) {
        char *listen = xasprintf("listen=unix:/x,%s", open[i]);
        char *worker = xasprintf("worker-listen=%s", open[i]);
        ck_assert_ptr_nonnull(strstr(refusal(NULL, listen, NULL), "set token-file, or set allow-"));
        config_free(load(NULL, listen, tokens, NULL));
        config_free(load(NULL, listen, "allow-open-listen=true", NULL));
        ck_assert_ptr_nonnull(strstr(refusal(NULL, worker, tokens, NULL), "set allow-open-listen"));
        config_free(load(NULL, worker, "allow-open-listen=true", NULL));
        free(worker);
        free(listen);
        listen = xasprintf("listen=%s", local[i]);
        config_free(load(NULL, listen, NULL));
        free(listen);
    }
    free(tokens);
}
END_TEST

static struct config *load_tokens(const char *tokens)
{
    write_text(token_file, tokens);
    char *override = xasprintf("token-file=%s", token_file);
    struct config *config = load(NULL, override, NULL);
    free(override);
    return config;
}

START_TEST(test_tokens)
{
    struct config *config = load_tokens("12345678");
    ck_assert_uint_eq(settings_of(config)->access.tokens.count, 1);
    ck_assert_str_eq(settings_of(config)->access.tokens.tokens[0].text, "12345678");
    config_free(config);
    config = load_tokens("\n  first token \t\r\n\r\n\tsecond-~!token\n\n");
    ck_assert_uint_eq(settings_of(config)->access.tokens.count, 2);
    ck_assert_str_eq(settings_of(config)->access.tokens.tokens[0].text, "first token");
    ck_assert_str_eq(settings_of(config)->access.tokens.tokens[1].text, "second-~!token");
    json_t *shown = config_to_json(config);
    char *text = json_dumps(shown, 0);
    ck_assert_ptr_null(strstr(text, "second"));
    free(text);
    json_decref(shown);
    config_free(config);

    char many[65 * 257 + 1] = "";
    for (int i = 0; i < 64; i++)
        sprintf(many + strlen(many), "%0256d\n", i);
    config = load_tokens(many);
    ck_assert_uint_eq(settings_of(config)->access.tokens.count, 64);
    config_free(config);
}
END_TEST

/* The name and the line of the file, and none of its text. */
static void check_refused_tokens(const char *text, size_t len, const char *expected)
{
    write_bytes(token_file, text, len);
    char *override = xasprintf("token-file=%s", token_file);
    char *origin = xasprintf("--%s: %s%s", override, token_file, expected);
    refusal(NULL, override, NULL);
    ck_assert_msg(strncmp(error, origin, strlen(origin)) == 0, "found %s\nexpected %s", error,
                  origin);
    ck_assert_ptr_null(strstr(error, "secret"));
    free(origin);
    free(override);
}

START_TEST(test_bad_tokens)
{
    char many[65 * 10 + 1] = "", long_one[258];
    check_refused_tokens("secret7", 7, ":1: found 7 characters; expected a token of 8 to 256 ");
    check_refused_tokens("secret\x1b[31m", 11, ":1: found the byte 0x1b; expected ");
    check_refused_tokens("secret\xc3\xa9xyz", 11, ":1: found the byte 0xc3; expected ");
    memset(long_one, 's', 257);
    check_refused_tokens(long_one, 257, ":1: found 257 characters; expected ");
    check_refused_tokens("good-token\n\nsecret\n", 19, ":3: found 6 characters; expected ");
    check_refused_tokens("\xef\xbb\xbfsecret-token\n", 16, ":1: found a byte order mark (BOM)");
    check_refused_tokens("secret-a\rsecret-b\r", 18, ":1: found a CR inside the line");
    check_refused_tokens("", 0, ": expected at least one token");
    check_refused_tokens(" \n\r\n", 4, ": expected at least one token");
    check_refused_tokens("secret-one\0more\n", 16, ": expected text, found a NUL");
    for (int i = 0; i < 65; i++)
        strcat(many, "secret-99\n");
    check_refused_tokens(many, strlen(many), ":65: expected at most 64 tokens");
    unlink(token_file);
    char *override = xasprintf("token-file=%s", token_file);
    ck_assert_ptr_nonnull(strstr(refusal(NULL, override, NULL), "tokens: No such file"));
    free(override);
}
END_TEST

/* What -T prints has every key in the table's order, and is a configuration of the same meaning. */
START_TEST(test_to_json_and_back)
{
    struct config *config =
        load("{\"modules\": {\"b\": {\"timeout-ms\": 3}, \"a\": {\"config\": {\"x\": \"y\"}}},"
             "\"listen\": \"unix:/x\", \"socket-mode\": \"0600\", \"preload\": [\"a\", \"b\"], "
             "\"log-format\": \"json\","
             "\"worker-path\": \"rel/worker\"}",
             "payload-total-max=1099511627776", NULL);
    json_t *shown = config_to_json(config);
    const char *key;
    json_t *value;
    struct config_cursor cursor = {0};
    ck_assert_uint_eq(json_object_size(shown), config_schema_count(&settings_schema));
    json_object_foreach (shown, key, value) {
        ck_assert(config_schema_next(&settings_schema, &cursor));
        ck_assert_str_eq(key, cursor.key.option->key);
    }

    char *text = json_dumps(shown, JSON_INDENT(2));
    struct config *again = load(text, NULL);
    json_t *shown_again = config_to_json(again);
    ck_assert(json_equal(shown, shown_again));
    json_decref(shown_again);
    config_free(again);
    free(text);
    json_decref(shown);
    config_free(config);
}
END_TEST

static void check_origin(const struct config *config, const char *key, const char *module,
                         const char *expected)
{
    char origin[CONFIG_ORIGIN_MAX];
    config_origin(config, key, module, origin);
    const char *found = origin;
    if (strncmp(origin, file, strlen(file)) == 0)
        found += strlen(file);
    ck_assert_str_eq(found, expected);
}

START_TEST(test_origins)
{
    struct config *config =
        load("{\"job-max\": 5,\n\"user\": \"a\",\n\"modules\": {\n\"fib\": {}}}", "user=b", NULL);
    check_origin(config, "job-max", NULL, ":1: job-max");
    check_origin(config, "user", NULL, "--user=b");
    check_origin(config, "pool-max", NULL, "pool-max");
    check_origin(config, "modules", "fib", ":4: modules.fib");
    ck_assert(config_is_set(config, "job-max") && config_is_set(config, "user"));
    ck_assert(!config_is_set(config, "pool-max"));
    config_free(config);
    config = load(NULL, "modules={\"fib\":{}}", NULL);
    check_origin(config, "modules", "fib", "--modules={\"fib\":{}}: fib");
    config_free(config);
}
END_TEST

/* What a reload makes of `before`, which it frees. */
static struct config *reload(struct config *before, const char *text, ...)
{
    va_list ap;
    va_start(ap, text);
    struct config *config = vload(before, text, ap);
    va_end(ap);
    ck_assert_msg(config != NULL, "%s", error);
    config_free(before);
    return config;
}

START_TEST(test_a_reload_keeps_what_is_fixed)
{
    struct config *config = load(NULL, "group=g", NULL);
    config = reload(config, NULL, "listen=unix:/x", "pool-max=9", "user=u", NULL);
    ck_assert_str_eq(ignored, "listen user group ");
    ck_assert_uint_eq(settings_of(config)->jobs.pool_max, 9);
    ck_assert_str_eq(settings_of(config)->clients.listen.items[0], "127.0.0.1:7741");
    ck_assert_ptr_null(settings_of(config)->identity.user);
    ck_assert_str_eq(settings_of(config)->identity.group, "g");
    config_free(config);
}
END_TEST

/* The file from before, which was not heeded either, is nothing to compare with. */
START_TEST(test_a_change_that_is_taken_back_is_none)
{
    struct config *config = load("{}", NULL);
    config = reload(config, "{\"user\": \"nobody\"}", NULL);
    ck_assert_str_eq(ignored, "user ");
    config = reload(config, "{\"user\": \"nobody\"}", NULL);
    ck_assert_str_eq(ignored, "user ");
    config = reload(config, "{}", NULL);
    ck_assert_str_eq(ignored, "");
    config_free(config);
}
END_TEST

/* Nobody writes to the FIFO: only a look that does not wait comes back. */
START_TEST(test_a_reload_waits_for_no_fifo)
{
    static const char why[] = "expected a regular file";
    struct config_args args = {.program = "test_config", .file = file};
    struct config *config = load(NULL, NULL);
    ck_assert_int_eq(mkfifo(file, 0600), 0);
    ck_assert_ptr_null(config_reload(config, &args, note_key, ignored, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, why));
    ck_assert_int_eq(mkfifo(token_file, 0600), 0);
    char *token = xasprintf("token-file=%s", token_file);
    args = (struct config_args){.program = "test_config", .overrides = &token, .override_count = 1};
    ck_assert_ptr_null(config_reload(config, &args, note_key, ignored, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, why));
    free(token);
    config_free(config);
}
END_TEST

START_TEST(test_a_start_reads_a_pipe)
{
    int ends[2];
    char path[32];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "{\"pool-max\": 7}", 15), 15);
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    struct config_args args = {.program = "test_config", .file = path};
    struct config *config = config_load(&settings_schema, &args, error, sizeof error);
    ck_assert_msg(config != NULL, "%s", error);
    ck_assert_uint_eq(settings_of(config)->jobs.pool_max, 7);
    config_free(config);
    close(ends[0]);
}
END_TEST

static void check_refused_reload(const struct config *in_force, const char *expected,
                                 const char *text, ...)
{
    va_list ap;
    va_start(ap, text);
    struct config *config = vload(in_force, text, ap);
    va_end(ap);
    ck_assert_ptr_null(config);
    ck_assert_str_eq(ignored, "");
    ck_assert_msg(strncmp(error, expected, strlen(expected)) == 0, "%s", error);
}

/* The token may go only if the addresses that it guards could, and they stay. */
START_TEST(test_a_reload_opens_no_listen)
{
    static const char expected[] = "listen, as it was at the start: found \"0.0.0.0:0\", which "
                                   "others than this machine may reach: set token-file";
    write_text(token_file, "12345678\n");
    char *token = xasprintf("token-file=%s", token_file);
    struct config *config = load("{\"listen\": [\"0.0.0.0:0\"]}", token, NULL);
    check_refused_reload(config, expected, "{\"listen\": [\"127.0.0.1:0\"]}", NULL);
    check_refused_reload(config, expected, "{}", NULL);
    config = reload(config, "{\"allow-open-listen\": true}", NULL);
    check_refused_reload(config, expected, "{}", "listen=127.0.0.1:0", NULL);
    config = reload(config, "{}", token, NULL);
    ck_assert_str_eq(ignored, "listen ");
    config_free(config);
    free(token);
}
END_TEST

/* A file that could not be started with is faulty, whatever is in force. */
START_TEST(test_a_reload_is_checked_as_it_is_written)
{
    struct config *config = load("{}", NULL);
    char *expected = xasprintf("%s:1: listen: found \"0.0.0.0:0\"", file);
    check_refused_reload(config, expected, "{\"listen\": \"0.0.0.0:0\"}", NULL);
    free(expected);
    config_free(config);
}
END_TEST

START_TEST(test_changes)
{
    char keys[256] = "";
    struct config *before = load(NULL, NULL);
    struct config *after = load(NULL, "listen=unix:/x", "pool-max=9", "group=g", NULL);
    config_changes(before, before, note_key, keys);
    ck_assert_str_eq(keys, "");
    config_changes(before, after, note_key, keys);
    ck_assert_str_eq(keys, "listen pool-max group ");
    config_free(after);
    config_free(before);
}
END_TEST

START_TEST(test_changes_of_tokens)
{
    char keys[256] = "";
    struct config *before = load_tokens("one-token-here"), *same = load_tokens(" one-token-here\n");
    struct config *after = load_tokens("one-token-here\ntwo-tokens-here\n");
    config_changes(before, same, note_key, keys);
    ck_assert_str_eq(keys, "");
    config_changes(before, after, note_key, keys);
    ck_assert_str_eq(keys, "token-file ");
    config_free(after);
    config_free(same);
    config_free(before);
}
END_TEST

START_TEST(test_nearest_key)
{
    static const struct {
        const char *key;
        const char *nearest;
    } cases[] = {
        {"pool_max", "pool-max"},
        {"poolmax", "pool-max"},
        {"pool-maxx", "pool-max"},
        {"job-timeout", "job-timeout-ms"},
        {"token-files", "token-file"},
        {"listens", "listen"},
        {"usr", "user"},
        {"x", NULL},
        {"", NULL},
        {"drain", "drain-timeout-ms"},
        {"log", NULL},
        {"colour", NULL},
        {"a-key-that-is-longer-than-any-slip-could-ever-be", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *nearest = config_schema_nearest(&settings_schema, cases[i].key);
        ck_assert_pstr_eq(nearest, cases[i].nearest);
    }
}
END_TEST

/* Copies this program into `to`, so that it runs from there. */
static void copy_program(const char *to)
{
    size_t len;
    const char *why;
    char *program = file_read("/proc/self/exe", 64 * 1024 * 1024, FILE_REGULAR, &len, &why);
    ck_assert_ptr_nonnull(program);
    write_bytes(to, program, len);
    ck_assert_int_eq(chmod(to, 0700), 0);
    free(program);
}

/* "WORKER-PATH MODULE-DIR" as the copy finds them. */
static void check_paths(const char *program, const char *worker, const char *modules)
{
    char *command = xasprintf("%s " PRINT_PATHS, program);
    char *expected = xasprintf("%s %s\n", worker, modules);
    char found[4 * PATH_MAX] = "";
    FILE *out = popen(command, "r");
    ck_assert_ptr_nonnull(out);
    ck_assert_ptr_nonnull(fgets(found, sizeof found, out));
    ck_assert_int_eq(pclose(out), 0);
    ck_assert_str_eq(found, expected);
    free(expected);
    free(command);
}

static int print_paths(const char *program)
{
    struct config *config = config_load(&settings_schema, &(struct config_args){.program = program},
                                        error, sizeof error);
    if (!config)
        return EXIT_FAILURE;
    printf("%s %s\n", settings_of(config)->workers.path, settings_of(config)->modules.dir);
    config_free(config);
    return EXIT_SUCCESS;
}

/* In a build tree both are beside the program, in an installed tree in the directories above. */
START_TEST(test_paths)
{
    char *bin = xasprintf("%s/bin", dir);
    char *program = xasprintf("%s/taskmasterd", bin);
    char *worker = xasprintf("%s/taskmaster-worker", bin);
    char *modules = xasprintf("%s/modules", bin);
    char *far_worker = xasprintf("%s/libexec/taskmaster/taskmaster-worker", dir);
    char *far_modules = xasprintf("%s/lib/taskmaster/modules", dir);
    ck_assert_int_eq(mkdir(bin, 0700), 0);
    copy_program(program);
    check_paths(program, far_worker, far_modules);
    write_text(worker, "#!/bin/sh\n");
    ck_assert_int_eq(chmod(worker, 0700), 0);
    check_paths(program, far_worker, far_modules);
    ck_assert_int_eq(mkdir(modules, 0700), 0);
    check_paths(program, worker, modules);
    ck_assert_int_eq(unlink(worker), 0);
    check_paths(program, far_worker, far_modules);
    rmdir(modules);
    unlink(program);
    rmdir(bin);
    char *const made[] = {bin, program, worker, modules, far_worker, far_modules};
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        free(made[i]);
}
END_TEST

START_TEST(test_relative_paths)
{
    char cwd[PATH_MAX], expected[PATH_MAX + 16];
    ck_assert_ptr_nonnull(getcwd(cwd, sizeof cwd));
    struct config *config = load(NULL, "worker-path=some/worker", "module-dir=/abs", NULL);
    snprintf(expected, sizeof expected, "%s/some/worker", cwd);
    ck_assert_str_eq(settings_of(config)->workers.path, expected);
    ck_assert_str_eq(settings_of(config)->modules.dir, "/abs");
    config_free(config);
}
END_TEST

typedef void printer(const struct config_schema *schema, FILE *out);

/* What a printer prints; the caller frees it. */
static char *printed(printer *print)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    print(&settings_schema, out);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

START_TEST(test_help)
{
    char *help = printed(config_print_help);
    struct config_cursor cursor = {0};
    while (config_schema_next(&settings_schema, &cursor)) {
        char *line = xasprintf("  --%s=", cursor.key.option->key);
        ck_assert_msg(strstr(help, line) != NULL, "%s", line);
        free(line);
    }
    ck_assert_ptr_nonnull(strstr(help, "an integer from 1 to 10000; default 4"));
    free(help);
}
END_TEST

/* Run from the top of the tree, as `make unit` does. */
START_TEST(test_manual_is_fresh)
{
    size_t len;
    const char *why;
    char *list = printed(config_print_manual);
    char *page = file_read("doc/taskmasterd.conf.5", 1 << 20, FILE_ANY, &len, &why);
    ck_assert_msg(page != NULL, "no doc/taskmasterd.conf.5 from here");
    char *begin = strstr(page, ".\\\" BEGIN");
    char *end = strstr(page, ".\\\" END");
    ck_assert(begin && end && begin < end);
    begin = strchr(begin, '\n') + 1;
    *end = '\0';
    ck_assert_msg(strcmp(begin, list) == 0, "doc/taskmasterd.conf.5 is stale: run scripts/manual");
    free(page);
    free(list);
}
END_TEST

START_TEST(test_sample)
{
    struct config_args args = {.program = "test_config", .file = "conf/taskmasterd.conf"};
    struct config *config = config_load(&settings_schema, &args, error, sizeof error);
    ck_assert_msg(config != NULL, "%s", error);
    config_free(config);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], PRINT_PATHS) == 0)
        return print_paths(argv[0]);
    Suite *suite = suite_create("config");
    TCase *tc = tcase_create("config");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_table);
    tcase_add_test(tc, test_ranges);
    tcase_add_test(tc, test_wrong_types);
    tcase_add_test(tc, test_command_line_texts);
    tcase_add_test(tc, test_defaults);
    tcase_add_test(tc, test_file_and_overrides);
    tcase_add_test(tc, test_modules);
    tcase_add_loop_test(tc, test_bad_files, 0, sizeof bad_files / sizeof bad_files[0]);
    tcase_add_test(tc, test_unreadable_files);
    tcase_add_test(tc, test_key_lines);
    tcase_add_test(tc, test_every_key_has_its_line);
    tcase_add_test(tc, test_pool_start);
    tcase_add_test(tc, test_open_listen);
    tcase_add_test(tc, test_tokens);
    tcase_add_test(tc, test_bad_tokens);
    tcase_add_test(tc, test_to_json_and_back);
    tcase_add_test(tc, test_origins);
    tcase_add_test(tc, test_a_reload_keeps_what_is_fixed);
    tcase_add_test(tc, test_a_change_that_is_taken_back_is_none);
    tcase_add_test(tc, test_a_reload_opens_no_listen);
    tcase_add_test(tc, test_a_reload_is_checked_as_it_is_written);
    tcase_add_test(tc, test_a_reload_waits_for_no_fifo);
    tcase_add_test(tc, test_a_start_reads_a_pipe);
    tcase_add_test(tc, test_changes);
    tcase_add_test(tc, test_changes_of_tokens);
    tcase_add_test(tc, test_nearest_key);
    tcase_add_test(tc, test_paths);
    tcase_add_test(tc, test_relative_paths);
    tcase_add_test(tc, test_help);
    tcase_add_test(tc, test_manual_is_fresh);
    tcase_add_test(tc, test_sample);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
