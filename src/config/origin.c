/* origin: where the values of a config come from, in the words of an error. */
#include "config/config_internal.h"

#include "common/log.h"
#include "config/json_line.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FAULT_MAX = PATH_MAX + 512 }; /* of an error's text without its origin */

void config_make_one_line(char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            *s = '?';
}

static size_t cut_len(int len, size_t size)
{
    return (size_t)len < size ? (size_t)len : size - 1;
}

void config_note_place(const struct config *config, struct config_error *error, unsigned line,
                       const char *key)
{
    error->place = (struct config_place){.file = line ? config->source.file : NULL, .line = line};
    snprintf(error->place.key, sizeof error->place.key, "%s", key ? key : "");
}

/* `path` as in put_origin(). The line counts only if the value in the file does. */
static void locate(const struct config_source *source, const struct config_key *key,
                   const char *const *path, size_t depth, struct config_place *place)
{
    *place = (struct config_place){.line = 0};
    for (size_t i = 0; i < depth; i++) {
        size_t len = strlen(place->key);
        snprintf(place->key + len, sizeof place->key - len, "%s%s", i ? "." : "", path[i]);
    }
    if (!source->in_file[key->row] || source->overrides[key->row] || source->kept[key->row])
        return;
    place->file = source->file;
    place->line = json_key_line(source->text, path, depth);
}

/* "FILE:12: pool-max", "--pool-max=0", for a default "pool-max", for a value kept by a reload
 * "listen, as it was at the start". `path` leads further down into the key's value in the file.
 * Returns the length. */
static size_t put_origin(const struct config_source *source, const struct config_key *key,
                         const char *const *path, size_t depth, char *out, size_t size)
{
    const char *name = key->option->key;
    int len;
    if (source->kept[key->row])
        len = snprintf(out, size, "%s, as it was at the start", name);
    else if (source->overrides[key->row])
        len = snprintf(out, size, "--%s", source->overrides[key->row]);
    else if (source->in_file[key->row])
        len = snprintf(out, size, "%s:%u: %s", source->file,
                       json_key_line(source->text, path, depth), name);
    else
        len = snprintf(out, size, "%s", name);
    return cut_len(len, size);
}

/* The entry of an object, behind put_origin(). */
static size_t put_entry(const struct config_source *source, const struct config_key *key,
                        const char *entry, const char *field, char *out, size_t size)
{
    int len = snprintf(out, size, "%s%s%s%s", source->overrides[key->row] ? ": " : ".", entry,
                       *field ? "." : "", field);
    return cut_len(len, size);
}

static struct config_key key_of(const struct config *config, const char *name)
{
    struct config_key key;
    bug_on(!config_schema_find(config->schema, name, &key));
    return key;
}

void config_origin(const struct config *config, const char *name, const char *entry,
                   char origin[CONFIG_ORIGIN_MAX])
{
    struct config_key key = key_of(config, name);
    const char *path[] = {name, entry};
    size_t len = put_origin(&config->source, &key, path, entry ? 2 : 1, origin, CONFIG_ORIGIN_MAX);
    if (entry)
        put_entry(&config->source, &key, entry, "", origin + len, CONFIG_ORIGIN_MAX - len);
    config_make_one_line(origin);
}

void config_locate(const struct config *config, const char *name, const char *entry,
                   struct config_place *place)
{
    struct config_key key = key_of(config, name);
    const char *path[] = {name, entry};
    locate(&config->source, &key, path, entry ? 2 : 1, place);
}

bool config_is_set(const struct config *config, const char *name)
{
    struct config_key key = key_of(config, name);
    return config->source.in_file[key.row] || config->source.overrides[key.row];
}

int config_fault(const struct config *config, struct config_error *error, const char *name,
                 const char *fmt, ...)
{
    struct config_key key = key_of(config, name);
    char text[FAULT_MAX];
    size_t len = put_origin(&config->source, &key, &name, 1, error->text, error->size);
    va_list ap;
    locate(&config->source, &key, &name, 1, &error->place);
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    snprintf(error->text + len, error->size - len, ": %s", text);
    return -1;
}

int config_entry_fault(const struct config *config, struct config_error *error, const char *name,
                       const char *entry, const char *field, const char *fmt, ...)
{
    struct config_key key = key_of(config, name);
    struct value_error found;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(found.text, sizeof found.text, fmt, ap);
    va_end(ap);
    snprintf(found.entry, sizeof found.entry, "%s", entry);
    snprintf(found.field, sizeof found.field, "%s", field);
    return config_value_fault(config, error, &key, &found);
}

int config_value_fault(const struct config *config, struct config_error *error,
                       const struct config_key *key, const struct value_error *found)
{
    const char *path[] = {key->option->key, found->entry, found->field};
    size_t depth = found->field[0] ? 3 : found->entry[0] ? 2 : 1;
    size_t len = put_origin(&config->source, key, path, depth, error->text, error->size);
    locate(&config->source, key, path, depth, &error->place);
    if (depth > 1)
        len += put_entry(&config->source, key, found->entry, found->field, error->text + len,
                         error->size - len);
    snprintf(error->text + len, error->size - len, ": %s", found->text);
    return -1;
}

int config_unknown_key(const struct config *config, struct config_error *error, const char *name)
{
    const char *near = config_schema_nearest(config->schema, name);
    size_t len = strlen(error->text);
    if (near)
        snprintf(error->text + len, error->size - len, "unknown key %s, did you mean %s?", name,
                 near);
    else
        snprintf(error->text + len, error->size - len, "unknown key %s; %s --help lists all keys",
                 name, config->schema->program);
    return -1;
}
