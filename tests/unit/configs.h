/*
 * configs: makes configs from texts, for the tests of src/config and of settings: those of
 * taskmasterd, unless CONFIGS_SCHEMA is defined before. Use configs_setup() and configs_teardown()
 * as the fixture.
 */
#ifndef TASKMASTER_TESTS_UNIT_CONFIGS_H
#define TASKMASTER_TESTS_UNIT_CONFIGS_H

#include "common/xmalloc.h"
#include "tests/unit/suite.h"

#ifndef CONFIGS_SCHEMA
#include "all_settings.h"
#define CONFIGS_SCHEMA settings_schema
#endif

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OVERRIDES_MAX = 8 };

static char dir[32];
static char file[64], token_file[64];
static char error[1024];
static char ignored[256]; /* keys kept by a reload, each with a blank behind it */

static inline void configs_setup(void)
{
    strcpy(dir, "/tmp/configs.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(file, sizeof file, "%s/conf", dir);
    snprintf(token_file, sizeof token_file, "%s/tokens", dir);
    error[0] = '\0';
}

static inline void configs_teardown(void)
{
    unlink(file);
    unlink(token_file);
    ck_assert_int_eq(rmdir(dir), 0);
}

static inline void write_bytes(const char *path, const char *text, size_t len)
{
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(text, 1, len, out), len);
    ck_assert_int_eq(fclose(out), 0);
}

static inline void write_text(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

static inline void note_key(const char *key, void *arg)
{
    strcat(strcat(arg, key), " ");
}

/* Loads a file of `text` (NULL: no file) and the overrides, a list closed by NULL. With `in_force`
 * this is a reload, with NULL a start. */
static inline struct config *vload(const struct config *in_force, const char *text, va_list ap)
{
    char *overrides[OVERRIDES_MAX];
    struct config_args args = {.program = "test", .overrides = overrides};
    if (text) {
        write_text(file, text);
        args.file = file;
    }
    for (char *s; (s = va_arg(ap, char *));) {
        ck_assert_uint_lt(args.override_count, OVERRIDES_MAX);
        overrides[args.override_count++] = s;
    }
    ignored[0] = '\0';
    return in_force ? config_reload(in_force, &args, note_key, ignored, NULL, error, sizeof error)
                    : config_load(&CONFIGS_SCHEMA, &args, error, sizeof error);
}

static inline struct config *load(const char *text, ...)
{
    va_list ap;
    va_start(ap, text);
    struct config *config = vload(NULL, text, ap);
    va_end(ap);
    ck_assert_msg(config != NULL, "%s", error);
    return config;
}

/* The error, with "FILE" for the file's name. */
static inline const char *refusal(const char *text, ...)
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

static inline struct config *load_tokens(const char *tokens)
{
    write_text(token_file, tokens);
    char *override = xasprintf("token-file=%s", token_file);
    struct config *config = load(NULL, override, NULL);
    free(override);
    return config;
}

/* Reloads `before` and frees it. */
static inline struct config *reload(struct config *before, const char *text, ...)
{
    va_list ap;
    va_start(ap, text);
    struct config *config = vload(before, text, ap);
    va_end(ap);
    ck_assert_msg(config != NULL, "%s", error);
    config_free(before);
    return config;
}

/* Checks the failure of a reload, and the beginning of its error. */
static inline void check_refused_reload(const struct config *in_force, const char *expected,
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

/* A row of the agreed table of settings. A change of a default or range is a change there, too. */
struct agreed {
    const char *key;
    int64_t min, max;
    const char *default_text;
    bool reload;
};

/* The schema has these settings, in this order, and no others. */
static inline void ck_agreed(const struct agreed *agreed, size_t count)
{
    struct config_cursor cursor = {0};
    struct config_key found;
    ck_assert_uint_eq(config_schema_count(&CONFIGS_SCHEMA), count);
    for (; config_schema_next(&CONFIGS_SCHEMA, &cursor); agreed++) {
        const struct option *option = cursor.key.option;
        ck_assert_str_eq(option->key, agreed->key);
        ck_assert_int_eq(option->min, agreed->min);
        ck_assert_int_eq(option->max, agreed->max);
        ck_assert_str_eq(option->default_text, agreed->default_text);
        ck_assert_int_eq(option->reload, agreed->reload);
        ck_assert(config_schema_find(&CONFIGS_SCHEMA, option->key, &found));
        ck_assert_ptr_eq(found.option, option);
        ck_assert_msg(!strchr(option->help, '\n') && !strstr(option->help, ". "), "%s",
                      option->key);
    }
}

#endif
