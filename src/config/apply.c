/* apply: sets the keys of a config from the file and from the command line. */
#include "config/config_internal.h"

#include "base/json_reason.h"
#include "common/xmalloc.h"
#include "config/json_comments.h"
#include "config/json_hint.h"
#include "config/json_line.h"
#include "config/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 4 * 1024 * 1024 }; /* bytes of a file: thousands of modules */

static int apply_member(struct config *config, const char *name, json_t *value,
                        struct config_error *error)
{
    struct config_source *source = &config->source;
    struct config_key key;
    struct value_error found;
    if (!config_schema_find(config->schema, name, &key)) {
        unsigned line = json_key_line(source->text, &name, 1);
        snprintf(error->text, error->size, "%s:%u: ", source->file, line);
        config_note_place(config, error, line, name);
        return config_unknown_key(config, error, name);
    }
    source->in_file[key.row] = true;
    if (config_rows_set(config_part(config, &key), key.option, value, &found) < 0)
        return config_value_fault(config, error, &key, &found);
    return 0;
}

static int apply_object(struct config *config, json_t *object, struct config_error *error)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object)) {
        snprintf(error->text, error->size, "%s:1: expected an object, { ... }, at the top",
                 config->source.file);
        config_note_place(config, error, 1, NULL);
        return -1;
    }
    json_object_foreach (object, name, value)
        if (apply_member(config, name, value, error) < 0)
            return -1;
    return 0;
}

/* The setting with a number too large for the parser; NULL for other faults. */
static const struct option *overflown(const struct config *config, const json_error_t *syntax,
                                      char *name, size_t size)
{
    const char *text = config->source.text;
    if (json_error_code(syntax) != json_error_numeric_overflow ||
        !json_last_key(text, text + syntax->position, name, size))
        return NULL;
    return config_schema_find_any(config->schema, name);
}

/* For a number too large for the parser, the range of its key says more than the parser. */
static int syntax_fault(const struct config *config, const json_error_t *syntax,
                        struct config_error *error)
{
    char name[64], expected[EXPECTED_MAX];
    const struct config_source *source = &config->source;
    size_t used = (size_t)snprintf(error->text, error->size, "%s:%d: ", source->file, syntax->line);
    const struct option *option = overflown(config, syntax, name, sizeof name);
    config_note_place(config, error, (unsigned)syntax->line, option ? name : NULL);
    if (used >= error->size)
        return -1;
    if (option) {
        config_expected(option, expected);
        snprintf(error->text + used, error->size - used,
                 "%s: found a number that is too large, expected %s", name, expected);
    } else {
        snprintf(error->text + used, error->size - used, "%s%s", json_reason(syntax),
                 json_hint_syntax(source->text, syntax));
    }
    return -1;
}

int config_apply_file(struct config *config, enum file_kind kind, struct config_error *error)
{
    struct config_source *source = &config->source;
    const char *why;
    size_t len;
    if (!source->file)
        return 0;
    source->text = file_read(source->file, FILE_MAX, kind, &len, &why);
    if (!source->text) {
        snprintf(error->text, error->size, "%s: %s", source->file, why);
        error->place.file = source->file;
        return -1;
    }
    const char *foreign = json_hint_foreign(source->text, len);
    if (foreign) {
        snprintf(error->text, error->size, "%s:1: %s", source->file, foreign);
        config_note_place(config, error, 1, NULL);
        return -1;
    }
    json_comments_blank(source->text, len);
    json_error_t syntax;
    json_t *object = json_loadb(source->text, len, JSON_REJECT_DUPLICATES, &syntax);
    if (!object)
        return syntax_fault(config, &syntax, error);
    int rc = apply_object(config, object, error);
    json_decref(object);
    return rc;
}

static int apply_named(struct config *config, const char *name, const char *override,
                       const char *text, struct config_error *error)
{
    struct config_key key;
    struct value_error found;
    if (!config_schema_find(config->schema, name, &key)) {
        snprintf(error->text, error->size, "--%s: ", override);
        config_note_place(config, error, 0, name);
        return config_unknown_key(config, error, name);
    }
    config->source.overrides[key.row] = override;
    if (config_rows_set_text(config_part(config, &key), key.option, text, &found) < 0)
        return config_value_fault(config, error, &key, &found);
    return 0;
}

static int apply_override(struct config *config, const char *override, struct config_error *error)
{
    const char *equals = strchr(override, '=');
    if (!equals) {
        snprintf(error->text, error->size, "--%s: expected --KEY=VALUE", override);
        return -1;
    }
    char *name = xasprintf("%.*s", (int)(equals - override), override);
    int rc = apply_named(config, name, override, equals + 1, error);
    free(name);
    return rc;
}

int config_apply_overrides(struct config *config, const struct config_args *args,
                           struct config_error *error)
{
    for (size_t i = 0; i < args->override_count; i++)
        if (apply_override(config, args->overrides[i], error) < 0)
            return -1;
    return 0;
}
