/* test_schema: a program with settings of its own. */
#include "config/schema.h"

#include "config/config.h"
#include "tests/unit/suite.h"

/* --- the settings of another program --- */

struct oven_settings {
    uint32_t degrees;
};

struct shop_settings {
    struct option_list breads;
    char *owner;
};

struct bakery {
    struct oven_settings oven;
    struct shop_settings shop;
};

static const struct option oven_rows[] = {
    {.key = "degrees",
     .kind = OPTION_UINT32,
     .offset = offsetof(struct oven_settings, degrees),
     .min = 100,
     .max = 300,
     .default_text = "220",
     .reload = true,
     .help = "the heat; most breads need it"},
};

static const struct option shop_rows[] = {
    {.key = "breads",
     .kind = OPTION_STRING_LIST,
     .offset = offsetof(struct shop_settings, breads),
     .max = 10,
     .default_text = "[]",
     .reload = true,
     .help = "for sale"},
    {.key = "owner",
     .kind = OPTION_STRING,
     .offset = offsetof(struct shop_settings, owner),
     .min = 1,
     .max = 20,
     .default_text = "null",
     .help = "on the sign"},
};

static const struct option_table oven_options = OPTION_TABLE(oven_rows);
static const struct option_table shop_options = OPTION_TABLE(shop_rows);
static const struct config_part parts[] = {
    {&oven_options, offsetof(struct bakery, oven)},
    {&shop_options, offsetof(struct bakery, shop)},
};
static const struct config_schema schema = {
    .program = "bakery", .parts = parts, .part_count = 2, .size = sizeof(struct bakery)};

static struct config *load(char *override, char error[256])
{
    struct config_args args = {.overrides = &override, .override_count = override != NULL};
    return config_load(&schema, &args, error, 256);
}

/* Without any rule of its own. */
START_TEST(test_another_program)
{
    char error[256];
    struct config *config = load("breads=rye,spelt", error);
    ck_assert_ptr_nonnull(config);
    const struct bakery *bakery = config_settings(config);
    ck_assert_uint_eq(bakery->oven.degrees, 220);
    ck_assert_uint_eq(bakery->shop.breads.count, 2);
    ck_assert_str_eq(bakery->shop.breads.items[1], "spelt");
    ck_assert_ptr_null(bakery->shop.owner);
    config_free(config);
    ck_assert_ptr_null(load("degrees=90", error));
    ck_assert_str_eq(error, "--degrees=90: found 90, expected an integer from 100 to 300");
    ck_assert_ptr_null(load("colour=red", error));
    ck_assert_str_eq(error, "--colour=red: unknown key colour; bakery --help lists all keys");
}
END_TEST

START_TEST(test_keys_in_order)
{
    static const char *const names[] = {"degrees", "breads", "owner"};
    struct config_cursor cursor = {0};
    struct config_key found;
    ck_assert_uint_eq(config_schema_count(&schema), 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert(config_schema_next(&schema, &cursor));
        ck_assert_str_eq(cursor.key.option->key, names[i]);
        ck_assert_uint_eq(cursor.key.row, i);
        ck_assert(config_schema_find(&schema, names[i], &found));
        ck_assert_ptr_eq(found.option, cursor.key.option);
        ck_assert_uint_eq(found.part, cursor.key.part);
    }
    ck_assert(!config_schema_next(&schema, &cursor));
    ck_assert(!config_schema_find(&schema, "pool-max", &found));
    ck_assert(!config_schema_find(&schema, "", &found));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schema");
    TCase *tc = tcase_create("schema");
    tcase_add_test(tc, test_another_program);
    tcase_add_test(tc, test_keys_in_order);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
