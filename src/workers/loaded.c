/* worker_loaded: see loaded.h. A broken worker may write anything at any time: each entry is copied
 * before it is checked and used. */
#include "workers/loaded.h"

#include "common/name.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

static bool is_known(const struct worker_loaded *loaded, const struct module_entry *module)
{
    for (uint32_t i = 0; i < loaded->count; i++)
        if (loaded->modules[i] == module)
            return true;
    return false;
}

static void add(struct worker_loaded *loaded, struct module_entry *module)
{
    if (is_known(loaded, module))
        return;
    loaded->modules =
        xrealloc(loaded->modules, (loaded->count + 1) * sizeof(struct module_entry *));
    loaded->modules[loaded->count++] = module;
    module->loaded_by++;
}

/* The entry is copied, and its texts end. Returns false if the name is none. */
static bool take_entry(struct loaded_module *taken, const struct loaded_module *entry)
{
    memcpy(taken, entry, sizeof *taken);
    taken->name[sizeof taken->name - 1] = '\0';
    taken->version[sizeof taken->version - 1] = '\0';
    return module_name_valid(taken->name, strlen(taken->name));
}

/* Returns a copy of the text of describe(), until the next call. */
static const char *take_describe(const struct worker_shared *shared,
                                 const struct loaded_module *taken)
{
    static char text[WORKER_DESCRIBE_MAX + 1];
    size_t at = taken->describe_at, size = taken->describe_size;
    if (size > WORKER_DESCRIBE_MAX || at + size > WORKER_DESCRIBES_MAX)
        size = 0;
    memcpy(text, shared->describes + (size ? at : 0), size);
    text[size] = '\0';
    return text;
}

static void note(struct worker_loaded *loaded, const struct worker_shared *shared,
                 struct module_table *table, uint64_t now_us)
{
    struct loaded_module taken;
    if (!take_entry(&taken, &shared->loaded[loaded->seen]))
        return;
    struct module_entry *module = module_table_find(table, taken.name, strlen(taken.name), now_us);
    if (!module)
        return;
    add(loaded, module);
    /* the time of this turn may be a little behind */
    module_about_note(&module->about, taken.loaded_us < now_us ? taken.loaded_us : now_us,
                      taken.version, take_describe(shared, &taken));
}

void worker_loaded_look(struct worker_loaded *loaded, const struct worker_shared *shared,
                        struct module_table *table, uint64_t now_us)
{
    uint32_t count = __atomic_load_n(&shared->loaded_count, __ATOMIC_ACQUIRE);
    if (count > WORKER_LOADED_MAX)
        count = WORKER_LOADED_MAX;
    for (; loaded->seen < count; loaded->seen++)
        note(loaded, shared, table, now_us);
}

void worker_loaded_end(struct worker_loaded *loaded)
{
    for (uint32_t i = 0; i < loaded->count; i++)
        loaded->modules[i]->loaded_by--;
    free(loaded->modules);
    *loaded = (struct worker_loaded){.modules = NULL};
}
