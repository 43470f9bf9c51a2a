/*
 * option_value: what each type of setting does: from JSON into its field and back, from the command
 * line, its release, and its description in an error. One table of operations, by type.
 */
#include "common/limits.h"
#include "common/log.h"
#include "common/module_name.h"
#include "common/xmalloc.h"
#include "config/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum {
    FOUND_MAX = 80,       /* of a value in an error */
    LIST_TEXT_MAX = 4095, /* of one text of a list */
};

struct type_ops {
    /* 0, or -1 and the field is as it was. */
    int (*set)(void *field, const struct option_spec *spec, json_t *value,
               struct option_error *error);
    /* A new reference. */
    json_t *(*get)(const void *field, const struct option_spec *spec);
    /* A new reference; NULL if the text of --key=TEXT is nothing of this type. */
    json_t *(*parse)(const char *text);
    /* NULL: the field owns nothing. */
    void (*release)(void *field);
};

static const struct type_ops *ops_of(const struct option_spec *spec);

/* Called where jansson can fail for want of memory alone. */
static json_t *must_json(json_t *value)
{
    if (!value)
        fatal(EX_OSERR, "cannot allocate a JSON value");
    return value;
}

static char *must_dump(const json_t *value, size_t flags)
{
    char *text = json_dumps(value, flags);
    if (!text)
        fatal(EX_OSERR, "cannot allocate a JSON text");
    return text;
}

static void must_append(json_t *list, json_t *item)
{
    if (json_array_append_new(list, item) < 0)
        fatal(EX_OSERR, "cannot allocate a JSON list");
}

static void must_put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) < 0)
        fatal(EX_OSERR, "cannot allocate a JSON object");
}

/* Errors */

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        break;
    }
    return "null";
}

static void describe(const json_t *value, char out[FOUND_MAX])
{
    if (json_is_object(value) || json_is_array(value)) {
        snprintf(out, FOUND_MAX, "%s", type_name(value));
        return;
    }
    char *text = must_dump(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    if (snprintf(out, FOUND_MAX, "%s", text) >= FOUND_MAX)
        memcpy(out + FOUND_MAX - 4, "...", 4);
    free(text);
}

static int fail_found(struct option_error *error, const struct option_spec *spec, const char *found)
{
    char expected[OPTION_EXPECTED_MAX];
    option_expected(spec, expected);
    snprintf(error->text, sizeof error->text, "found %s, expected %s", found, expected);
    return -1;
}

static int fail(struct option_error *error, const struct option_spec *spec, const json_t *value)
{
    char found[FOUND_MAX];
    if (spec->type == OPTION_OBJECT) /* a module's settings may hold secrets: do not show them */
        return fail_found(error, spec, type_name(value));
    describe(value, found);
    return fail_found(error, spec, found);
}

static void expected_names(const struct option_spec *spec, char out[OPTION_EXPECTED_MAX])
{
    size_t len = (size_t)snprintf(out, OPTION_EXPECTED_MAX, "%s", spec->names[0]);
    for (size_t i = 1; spec->names[i] && len < OPTION_EXPECTED_MAX; i++)
        len += (size_t)snprintf(out + len, OPTION_EXPECTED_MAX - len, "%s%s",
                                spec->names[i + 1] ? ", " : " or ", spec->names[i]);
}

void option_expected(const struct option_spec *spec, char out[OPTION_EXPECTED_MAX])
{
    const size_t size = OPTION_EXPECTED_MAX;
    switch (spec->type) {
    case OPTION_UINT32:
    case OPTION_UINT64:
        snprintf(out, size, "an integer from %" PRIu64 " to %" PRIu64, spec->min, spec->max);
        break;
    case OPTION_BOOL:
        snprintf(out, size, "true or false");
        break;
    case OPTION_STRING:
        snprintf(out, size, "a text of %" PRIu64 " to %" PRIu64 " bytes", spec->min, spec->max);
        break;
    case OPTION_STRING_LIST:
        snprintf(out, size, "a text or a list of %" PRIu64 " to %" PRIu64 " texts", spec->min,
                 spec->max);
        break;
    case OPTION_MODE:
        snprintf(out, size, "an octal text from \"%04o\" to \"%04o\"", (unsigned)spec->min,
                 (unsigned)spec->max);
        break;
    case OPTION_ENUM:
        expected_names(spec, out);
        break;
    case OPTION_OBJECT:
        snprintf(out, size, "an object");
        break;
    case OPTION_MODULES:
        snprintf(out, size, "an object with an entry for each module");
        break;
    }
}

/* Numbers, booleans, enums */

static bool number_of(const struct option_spec *spec, const json_t *value, uint64_t *number)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *number = (uint64_t)json_integer_value(value);
    return *number >= spec->min && *number <= spec->max;
}

static int uint32_set(void *field, const struct option_spec *spec, json_t *value,
                      struct option_error *error)
{
    uint64_t number;
    if (!number_of(spec, value, &number))
        return fail(error, spec, value);
    *(uint32_t *)field = (uint32_t)number;
    return 0;
}

static json_t *uint32_get(const void *field, const struct option_spec *spec)
{
    (void)spec;
    return must_json(json_integer(*(const uint32_t *)field));
}

static int uint64_set(void *field, const struct option_spec *spec, json_t *value,
                      struct option_error *error)
{
    uint64_t number;
    if (!number_of(spec, value, &number))
        return fail(error, spec, value);
    *(uint64_t *)field = number;
    return 0;
}

static json_t *uint64_get(const void *field, const struct option_spec *spec)
{
    (void)spec;
    return must_json(json_integer((json_int_t) * (const uint64_t *)field));
}

/* Digits only: strtoull alone would take blanks, a sign and more. */
static json_t *number_parse(const char *text)
{
    if (!*text || text[strspn(text, "0123456789")])
        return NULL;
    errno = 0;
    unsigned long long number = strtoull(text, NULL, 10);
    if (errno || number > INT64_MAX)
        return NULL;
    return must_json(json_integer((json_int_t)number));
}

static int bool_set(void *field, const struct option_spec *spec, json_t *value,
                    struct option_error *error)
{
    if (!json_is_boolean(value))
        return fail(error, spec, value);
    *(bool *)field = json_is_true(value);
    return 0;
}

static json_t *bool_get(const void *field, const struct option_spec *spec)
{
    (void)spec;
    return json_boolean(*(const bool *)field);
}

static json_t *bool_parse(const char *text)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return NULL;
    return json_boolean(text[0] == 't');
}

/* Three digits or four: a shorter one is more likely a slip than a mode. */
static int mode_set(void *field, const struct option_spec *spec, json_t *value,
                    struct option_error *error)
{
    const char *text = json_string_value(value); /* NULL for what is no text */
    size_t len = json_string_length(value);
    if (!text || len < 3 || len > 4 || strspn(text, "01234567") != len)
        return fail(error, spec, value);
    unsigned long mode = strtoul(text, NULL, 8);
    if (mode < spec->min || mode > spec->max)
        return fail(error, spec, value);
    *(uint32_t *)field = (uint32_t)mode;
    return 0;
}

static json_t *mode_get(const void *field, const struct option_spec *spec)
{
    char text[16];
    (void)spec;
    snprintf(text, sizeof text, "%04" PRIo32, *(const uint32_t *)field);
    return must_json(json_string(text));
}

/* Each enum in struct config is read and written as what the compiler makes of it. */
_Static_assert(sizeof(enum log_level) == sizeof(unsigned) &&
                   sizeof(enum log_format) == sizeof(unsigned),
               "an enum is as wide as unsigned");

static int enum_set(void *field, const struct option_spec *spec, json_t *value,
                    struct option_error *error)
{
    for (unsigned i = 0; json_is_string(value) && spec->names[i]; i++)
        if (strcmp(json_string_value(value), spec->names[i]) == 0) {
            memcpy(field, &i, sizeof i);
            return 0;
        }
    return fail(error, spec, value);
}

static json_t *enum_get(const void *field, const struct option_spec *spec)
{
    unsigned i;
    memcpy(&i, field, sizeof i);
    return must_json(json_string(spec->names[i]));
}

/* Texts */

static bool text_fits(const json_t *value, size_t min, size_t max)
{
    size_t len = json_string_length(value); /* 0 for what is no text */
    return json_is_string(value) && len >= min && len <= max;
}

/* null leaves out what may be left out, so that what -T prints can be read back. */
static int string_set(void *field, const struct option_spec *spec, json_t *value,
                      struct option_error *error)
{
    char **text = field;
    bool unset = json_is_null(value) && strcmp(spec->default_text, "null") == 0;
    if (!unset && !text_fits(value, spec->min, spec->max))
        return fail(error, spec, value);
    free(*text);
    *text = unset ? NULL : xstrdup(json_string_value(value));
    return 0;
}

static json_t *string_get(const void *field, const struct option_spec *spec)
{
    (void)spec;
    const char *text = *(char *const *)field;
    return text ? must_json(json_string(text)) : json_null();
}

/* NULL if it is not UTF-8. */
static json_t *string_parse(const char *text)
{
    return json_string(text);
}

static void string_release(void *field)
{
    char **text = field;
    free(*text);
    *text = NULL;
}

/* Lists */

static void list_release(void *field)
{
    struct option_list *list = field;
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct option_list){0};
}

static int list_check(const struct option_spec *spec, const json_t *value,
                      struct option_error *error)
{
    size_t count = json_array_size(value);
    char found[FOUND_MAX], item[FOUND_MAX + 32];
    if (count < spec->min || count > spec->max) {
        snprintf(found, sizeof found, "a list of %zu", count);
        return fail_found(error, spec, found);
    }
    for (size_t i = 0; i < count; i++) {
        if (text_fits(json_array_get(value, i), 1, LIST_TEXT_MAX))
            continue;
        describe(json_array_get(value, i), found);
        snprintf(item, sizeof item, "%s as item %zu", found, i + 1);
        return fail_found(error, spec, item);
    }
    return 0;
}

static int list_set(void *field, const struct option_spec *spec, json_t *value,
                    struct option_error *error)
{
    if (!json_is_array(value) && !json_is_string(value))
        return fail(error, spec, value);
    /* A lone text stands for a list of one. */
    json_t *texts = json_is_array(value) ? json_incref(value) : must_json(json_pack("[O]", value));
    int rc = list_check(spec, texts, error);
    if (rc == 0) {
        struct option_list *list = field;
        list_release(list);
        list->count = json_array_size(texts);
        list->items = xcalloc(list->count, sizeof *list->items);
        for (size_t i = 0; i < list->count; i++)
            list->items[i] = xstrdup(json_string_value(json_array_get(texts, i)));
    }
    json_decref(texts);
    return rc;
}

static json_t *list_get(const void *field, const struct option_spec *spec)
{
    (void)spec;
    const struct option_list *list = field;
    json_t *texts = must_json(json_array());
    for (size_t i = 0; i < list->count; i++)
        must_append(texts, must_json(json_string(list->items[i])));
    return texts;
}

/* A text without any comma is a list of one, an empty one a list of none. */
static json_t *list_parse(const char *text)
{
    json_t *texts = must_json(json_array());
    while (*text) {
        size_t len = strcspn(text, ",");
        json_t *item = json_stringn(text, len);
        if (!item) {
            json_decref(texts);
            return NULL;
        }
        must_append(texts, item);
        text += len;
        if (*text == ',' && !*++text) /* a comma at the end has an empty text behind it */
            must_append(texts, must_json(json_string("")));
    }
    return texts;
}

/* Objects, and the settings of modules */

static int object_set(void *field, const struct option_spec *spec, json_t *value,
                      struct option_error *error)
{
    char **text = field;
    if (!json_is_object(value))
        return fail(error, spec, value);
    free(*text);
    *text = must_dump(value, JSON_COMPACT);
    return 0;
}

static json_t *object_get(const void *field, const struct option_spec *spec)
{
    (void)spec;
    return must_json(json_loads(*(char *const *)field, 0, NULL));
}

static json_t *object_parse(const char *text)
{
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

/* Rows, on a struct config or a struct module_setting */

static int row_set(void *base, const struct option_spec *spec, json_t *value,
                   struct option_error *error)
{
    return ops_of(spec)->set((char *)base + spec->offset, spec, value, error);
}

static json_t *row_get(const void *base, const struct option_spec *spec)
{
    return ops_of(spec)->get((const char *)base + spec->offset, spec);
}

static void rows_release(void *base, const struct option_spec *table, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ops_of(&table[i])->release)
            ops_of(&table[i])->release((char *)base + table[i].offset);
}

/* The table's own defaults are its author's to get right. */
static void rows_default(void *base, const struct option_spec *table, size_t count)
{
    struct option_error error;
    for (size_t i = 0; i < count; i++) {
        json_t *value = must_json(json_loads(table[i].default_text, JSON_DECODE_ANY, NULL));
        bug_on(row_set(base, &table[i], value, &error) < 0);
        json_decref(value);
    }
}

static void module_release(struct module_setting *module)
{
    free(module->name);
    rows_release(module, option_module_table, option_module_count);
}

static int module_fail_unknown(struct option_error *error, const char *key)
{
    size_t len = (size_t)snprintf(error->text, sizeof error->text, "unknown key; expected ");
    snprintf(error->field, sizeof error->field, "%s", key);
    for (size_t i = 0; i < option_module_count; i++)
        len += (size_t)snprintf(error->text + len, sizeof error->text - len, "%s%s",
                                option_module_table[i].key,
                                i + 2 < option_module_count   ? ", "
                                : i + 1 < option_module_count ? " or "
                                                              : "");
    return -1;
}

/* `module` is zeroed; it owns what was set of it, also on failure. */
static int module_set(struct module_setting *module, const char *name, json_t *value,
                      struct option_error *error)
{
    static const struct option_spec entry = {.type = OPTION_OBJECT};
    const char *key;
    json_t *item;
    module->name = xstrdup(name);
    rows_default(module, option_module_table, option_module_count);
    snprintf(error->module, sizeof error->module, "%s", name);
    if (!module_name_valid(name, strlen(name))) {
        snprintf(error->text, sizeof error->text,
                 "expected a module's name of 1 to %d of [A-Za-z0-9_-]", MODULE_NAME_MAX);
        return -1;
    }
    if (!json_is_object(value))
        return fail(error, &entry, value);
    json_object_foreach (value, key, item) {
        const struct option_spec *spec = option_module_find(key);
        if (!spec)
            return module_fail_unknown(error, key);
        snprintf(error->field, sizeof error->field, "%s", key);
        if (row_set(module, spec, item, error) < 0)
            return -1;
    }
    error->module[0] = error->field[0] = '\0';
    return 0;
}

static int module_compare(const void *a, const void *b)
{
    return strcmp(((const struct module_setting *)a)->name,
                  ((const struct module_setting *)b)->name);
}

static void modules_release(void *field)
{
    struct option_entries *entries = field;
    struct module_setting *modules = entries->items;
    for (size_t i = 0; i < entries->count; i++)
        module_release(&modules[i]);
    free(modules);
    *entries = (struct option_entries){0};
}

static int modules_set(void *field, const struct option_spec *spec, json_t *value,
                       struct option_error *error)
{
    struct option_entries *entries = field, made = {0};
    const char *name;
    json_t *item;
    if (!json_is_object(value))
        return fail(error, spec, value);
    struct module_setting *modules = xcalloc(json_object_size(value), sizeof *modules);
    made.items = modules;
    json_object_foreach (value, name, item) {
        if (module_set(&modules[made.count++], name, item, error) < 0) {
            modules_release(&made);
            return -1;
        }
    }
    qsort(modules, made.count, sizeof *modules, module_compare);
    modules_release(entries);
    *entries = made;
    return 0;
}

static json_t *modules_get(const void *field, const struct option_spec *spec)
{
    (void)spec;
    const struct option_entries *entries = field;
    const struct module_setting *modules = entries->items;
    json_t *object = must_json(json_object());
    for (size_t i = 0; i < entries->count; i++) {
        json_t *entry = must_json(json_object());
        for (size_t j = 0; j < option_module_count; j++)
            must_put(entry, option_module_table[j].key,
                     row_get(&modules[i], &option_module_table[j]));
        must_put(object, modules[i].name, entry);
    }
    return object;
}

static const struct type_ops type_table[] = {
    [OPTION_UINT32] = {uint32_set, uint32_get, number_parse, NULL},
    [OPTION_UINT64] = {uint64_set, uint64_get, number_parse, NULL},
    [OPTION_BOOL] = {bool_set, bool_get, bool_parse, NULL},
    [OPTION_STRING] = {string_set, string_get, string_parse, string_release},
    [OPTION_STRING_LIST] = {list_set, list_get, list_parse, list_release},
    [OPTION_MODE] = {mode_set, mode_get, string_parse, NULL},
    [OPTION_ENUM] = {enum_set, enum_get, string_parse, NULL},
    [OPTION_OBJECT] = {object_set, object_get, object_parse, string_release},
    [OPTION_MODULES] = {modules_set, modules_get, object_parse, modules_release},
};

static const struct type_ops *ops_of(const struct option_spec *spec)
{
    return &type_table[spec->type];
}

int option_set(struct config *config, const struct option_spec *spec, json_t *value,
               struct option_error *error)
{
    *error = (struct option_error){0};
    return row_set(config, spec, value, error);
}

int option_set_text(struct config *config, const struct option_spec *spec, const char *text,
                    struct option_error *error)
{
    *error = (struct option_error){0};
    json_t *value = ops_of(spec)->parse(text);
    json_t *shown = value ? NULL : json_string(text);
    int rc;
    if (value)
        rc = row_set(config, spec, value, error);
    else if (shown)
        rc = fail(error, spec, shown);
    else
        rc = fail_found(error, spec, "bytes that are no UTF-8");
    json_decref(shown);
    json_decref(value);
    return rc;
}

json_t *option_get(const struct config *config, const struct option_spec *spec)
{
    return row_get(config, spec);
}

void options_default(struct config *config)
{
    rows_default(config, option_table, option_count);
}

void options_free(struct config *config)
{
    rows_release(config, option_table, option_count);
}
