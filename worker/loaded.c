/* loaded: see loaded.h. */
#include "loaded.h"

#include "fork_guard.h"
#include "job.h"

#include <string.h>

/* Copies the text if there is room for all of it. */
static void put(char *place, size_t size, const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0;

    if (len > 0 && len < size)
        memcpy(place, text, len + 1);
}

/* Copies the module's text behind those of the modules before, if there is room for all of it. */
static void put_describe(struct worker_shared *shared, struct loaded_module *entry,
                         const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0, at = shared->describes_size;

    if (len > WORKER_DESCRIBE_MAX || at + len > WORKER_DESCRIBES_MAX)
        return;
    memcpy(&shared->describes[at], text != NULL ? text : "", len);
    entry->describe_at = (uint32_t)at;
    entry->describe_size = (uint32_t)len;
    shared->describes_size = (uint32_t)(at + len);
}

void loaded_note(struct worker_shared *shared, const struct module *module)
{
    uint32_t count = shared->loaded_count;
    const char *text = NULL;

    if (count >= WORKER_LOADED_MAX)
        return;
    if (module->descriptor.describe != NULL)
        text = module->descriptor.describe();
    fork_guard_end_child(module->name, "describe");
    struct loaded_module *entry = &shared->loaded[count];
    put(entry->name, sizeof(entry->name), module->name);
    put(entry->version, sizeof(entry->version), module->descriptor.version);
    put_describe(shared, entry, text);
    entry->loaded_us = job_now_us();
    __atomic_store_n(&shared->loaded_count, count + 1, __ATOMIC_RELEASE);
}
