/* module_table: see module_table.h. */
#include "jobs/module_table.h"

#include "common/limits.h"
#include "common/xmalloc.h"
#include "jobs/pool_settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CHECK_US = 1000000 };

struct module_entry *module_entry_of(struct hash_node *node)
{
    return (struct module_entry *)((char *)node - offsetof(struct module_entry, by_name));
}

void module_table_init(struct module_table *table, const struct module_settings *settings)
{
    hash_init(&table->by_name);
    module_dir_init(&table->dir);
    table->last = NULL;
    table->settings = settings;
}

static void free_entry(struct hash_node *node, void *arg)
{
    struct module_entry *entry = module_entry_of(node);
    (void)arg;
    module_about_free(&entry->about);
    free(entry->name);
    free(entry);
}

void module_table_free(struct module_table *table)
{
    hash_each(&table->by_name, free_entry, NULL);
    hash_free(&table->by_name);
    module_dir_free(&table->dir);
}

static void set_settings(const struct module_table *table, struct module_entry *entry)
{
    const struct module_setting *setting = module_settings_find(table->settings, entry->name);
    entry->settings.enabled = !setting || setting->enabled;
    entry->settings.timeout_ms = setting ? setting->timeout_ms : 0;
    entry->settings.soft_timeout_ms = setting ? setting->soft_timeout_ms : 0;
    entry->settings.pool = setting ? setting->pool : NULL;
    entry->pool = NULL;
}

/* Under other settings. The file is looked at when a job asks for the module; the time limit is for
 * waiting jobs as well. */
static void refresh(struct hash_node *node, void *arg)
{
    struct module_entry *entry = module_entry_of(node);
    set_settings(arg, entry);
    entry->file.checked_us = 0;
    entry->history.refusals = 0;
    module_breaker_close(&entry->breaker, entry->name, "the settings were read again");
}

void module_table_configure(struct module_table *table, const struct module_settings *settings)
{
    table->settings = settings;
    module_dir_forget(&table->dir);
    hash_each(&table->by_name, refresh, table);
}

static bool is_of(const struct module_entry *entry, const char *pool)
{
    const char *own = entry->settings.pool ? entry->settings.pool : POOL_DEFAULT;
    return !pool || strcmp(own, pool) == 0;
}

/* `arg`: a pointer to the pool's name. */
static void try_again(struct hash_node *node, void *arg)
{
    struct module_entry *entry = module_entry_of(node);
    const char **pool = arg;
    if (is_of(entry, *pool))
        module_breaker_close(&entry->breaker, entry->name, "the workers were recycled");
}

void module_table_try_again(struct module_table *table, const char *pool)
{
    hash_each(&table->by_name, try_again, &pool);
}

static bool note_stamp(const struct stat *st, uint64_t *stamp)
{
    const struct {
        uint64_t dev, ino, size, seconds, nanoseconds;
    } facts = {st->st_dev, st->st_ino, (uint64_t)st->st_size, (uint64_t)st->st_mtim.tv_sec,
               (uint64_t)st->st_mtim.tv_nsec};
    *stamp = siphash(&facts, sizeof facts, 0) | 1;
    return S_ISREG(st->st_mode);
}

/* If the system forbids the look, a file with a known name counts as there. Its worker then says
 * why the file cannot be loaded, which is better than our "no such module". */
static bool file_is_there(const char *dir, const char *name, bool known, uint64_t *stamp)
{
    char path[PATH_MAX];
    struct stat st;
    int n = snprintf(path, sizeof path, "%s/%s.so", dir, name);
    if (n <= 0 || (size_t)n >= sizeof path)
        return false;
    if (stat(path, &st) == 0)
        return note_stamp(&st, stamp);
    return known && errno != ENOENT && errno != ENOTDIR && errno != ELOOP;
}

static bool is_named(const struct module_entry *entry, const char *name, size_t len)
{
    return strncmp(entry->name, name, len) == 0 && entry->name[len] == '\0';
}

static bool is_fresh(const struct module_entry *entry, uint64_t now_us)
{
    return entry->file.checked_us && now_us - entry->file.checked_us < CHECK_US;
}

static struct module_entry *lookup(const struct module_table *table, const char *name, size_t len,
                                   uint64_t value)
{
    struct hash_node *node = hash_first(&table->by_name, value);
    for (; node; node = hash_next(node)) {
        struct module_entry *entry = module_entry_of(node);
        if (is_named(entry, name, len))
            return entry;
    }
    return NULL;
}

static struct module_entry *new_entry(struct module_table *table, const char *name, uint64_t value)
{
    struct module_entry *entry = xcalloc(1, sizeof *entry);
    entry->name = xstrdup(name);
    set_settings(table, entry);
    hash_insert(&table->by_name, &entry->by_name, value);
    return entry;
}

/* While the directory cannot be read, a name gets an entry if its own file is there. */
static struct module_entry *look_for_new(struct module_table *table, const char *name,
                                         uint64_t value, uint64_t now_us)
{
    const char *dir = table->settings->dir;
    uint64_t stamp;
    switch (module_dir_find(&table->dir, dir, value, now_us)) {
    case MODULE_DIR_LISTED:
        return new_entry(table, name, value);
    case MODULE_DIR_UNKNOWN:
        return file_is_there(dir, name, false, &stamp) ? new_entry(table, name, value) : NULL;
    default:
        return NULL;
    }
}

/* Another file deserves another try, also if there was none for a while. */
static void compare_stamp(struct module_entry *entry, uint64_t stamp)
{
    if (!stamp)
        return;
    if (entry->file.stamp && stamp != entry->file.stamp)
        module_breaker_close(&entry->breaker, entry->name, "the module has another file");
    entry->file.stamp = stamp;
}

static void look(struct module_entry *entry, const char *dir, uint64_t now_us)
{
    uint64_t stamp = 0;
    entry->file.usable = entry->settings.enabled && file_is_there(dir, entry->name, true, &stamp);
    compare_stamp(entry, stamp);
    entry->file.seen |= entry->file.usable;
    entry->file.checked_us = now_us ? now_us : 1;
}

struct module_entry *module_table_find(struct module_table *table, const char *name, size_t len,
                                       uint64_t now_us)
{
    char text[MODULE_NAME_MAX + 1];
    struct module_entry *entry = table->last;
    if (entry && is_named(entry, name, len) && is_fresh(entry, now_us))
        return entry->file.usable ? entry : NULL;
    uint64_t value = siphash(name, len, 0);
    memcpy(text, name, len);
    text[len] = '\0';
    entry = lookup(table, name, len, value);
    if (!entry)
        entry = look_for_new(table, text, value, now_us);
    if (!entry)
        return NULL;
    table->last = entry;
    if (!is_fresh(entry, now_us))
        look(entry, table->settings->dir, now_us);
    return entry->file.usable ? entry : NULL;
}

const struct module_entry *module_table_known(const struct module_table *table, const char *name)
{
    size_t len = strlen(name);
    return lookup(table, name, len, siphash(name, len, 0));
}

char *module_table_why_not(const struct module_table *table, const char *name)
{
    const struct module_setting *setting = module_settings_find(table->settings, name);
    if (setting && !setting->enabled)
        return xasprintf("module \"%s\" is disabled", name);
    return xasprintf("no module \"%s\": there is no %s.so in module-dir", name, name);
}
