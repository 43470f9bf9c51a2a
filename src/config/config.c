/*
 * config: see config.h.
 *
 * The order of a load: defaults, the file, the command line, values from the machine; then the
 * checks of settings against each other; then the files named by settings.
 */
#include "config/config_internal.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "config/json_hint.h"
#include "config/json_must.h"
#include "config/rows.h"

#include <stdlib.h>

static struct config *config_new(const struct config_schema *schema, const char *file)
{
    size_t count = config_schema_count(schema);
    struct config *config = xcalloc(1, sizeof *config);
    config->schema = schema;
    config->settings = xcalloc(1, schema->size);
    config->source = (struct config_source){
        .file = file,
        .kept = xcalloc(count, sizeof(bool)),
        .in_file = xcalloc(count, sizeof(bool)),
        .overrides = xcalloc(count, sizeof(char *)),
    };
    for (size_t i = 0; i < schema->part_count; i++)
        config_rows_default((char *)config->settings + schema->parts[i].offset,
                            schema->parts[i].options);
    return config;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    const struct config_schema *schema = config->schema;
    if (schema->release)
        schema->release(config->settings);
    for (size_t i = 0; i < schema->part_count; i++)
        config_rows_release((char *)config->settings + schema->parts[i].offset,
                            schema->parts[i].options);
    free(config->source.overrides);
    free(config->source.in_file);
    free(config->source.kept);
    free(config->source.text);
    free(config->settings);
    free(config);
}

const void *config_settings(const struct config *config)
{
    return config->settings;
}

/* Settings without `reload` stay as they are in force. */
static void keep_fixed(struct config *config, const struct config *in_force)
{
    struct config_cursor cursor = {0};
    while (config_schema_next(config->schema, &cursor)) {
        const struct config_key *key = &cursor.key;
        struct value_error none;
        if (key->option->reload)
            continue;
        config->source.kept[key->row] = !config_key_equal(in_force, config, key);
        json_t *old = config_rows_get(config_part(in_force, key), key->option);
        bug_on(config_rows_set(config_part(config, key), key->option, old, &none) < 0);
        json_decref(old);
    }
}

static int check(const struct config *config, struct config_error *error)
{
    const struct config_schema *schema = config->schema;
    return schema->check ? schema->check(config, config->settings, error) : 0;
}

/* A reload is checked twice: as it is written, because the next start will find it so, and as it
 * will be in force, because addresses from the start meet new settings guarding them. */
static int load_all(struct config *config, const struct config *in_force,
                    const struct config_args *args, struct config_error *error)
{
    const struct config_schema *schema = config->schema;
    /* At the start -c <(...) will do; a reload must not hold up running jobs. */
    enum file_kind kind = in_force ? FILE_REGULAR : FILE_ANY;
    if (config_apply_file(config, kind, error) < 0 ||
        config_apply_overrides(config, args, error) < 0)
        return -1;
    if (schema->complete)
        schema->complete(config->settings, args);
    if (check(config, error) < 0)
        return -1;
    if (in_force) {
        keep_fixed(config, in_force);
        if (check(config, error) < 0)
            return -1;
    }
    return schema->read ? schema->read(config, config->settings, kind, error) : 0;
}

static struct config *load(const struct config_schema *schema, const struct config *in_force,
                           const struct config_args *args, struct config_place *place, char *error,
                           size_t error_size)
{
    struct config *config = config_new(schema, args->file);
    struct config_error fault = {.text = error, .size = error_size};
    if (load_all(config, in_force, args, &fault) == 0)
        return config;
    if (place)
        *place = fault.place;
    config_make_one_line(error);
    json_hint_show_invisible(error, error_size);
    config_free(config);
    return NULL;
}

struct config *config_load(const struct config_schema *schema, const struct config_args *args,
                           char *error, size_t error_size)
{
    return load(schema, NULL, args, NULL, error, error_size);
}

struct config *config_reload(const struct config *in_force, const struct config_args *args,
                             config_visit *visit, void *arg, struct config_place *place,
                             char *error, size_t error_size)
{
    struct config *config = load(in_force->schema, in_force, args, place, error, error_size);
    struct config_cursor cursor = {0};
    while (config && config_schema_next(config->schema, &cursor))
        if (config->source.kept[cursor.key.row])
            visit(cursor.key.option->key, arg);
    return config;
}

json_t *config_to_json(const struct config *config)
{
    json_t *object = config_json_must(json_object());
    struct config_cursor cursor = {0};
    while (config_schema_next(config->schema, &cursor))
        config_json_put(object, cursor.key.option->key,
                        config_rows_get(config_part(config, &cursor.key), cursor.key.option));
    return object;
}
