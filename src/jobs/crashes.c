/* crashes: see crashes.h. One list is enough: it is searched once for each crash, which costs a
 * process. */
#include "jobs/crashes.h"

#include "common/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_entry(struct crash_entry *entry)
{
    free(entry->text);
    free(entry);
}

static void forget(struct crashes *crashes, struct crash_entry *entry)
{
    TAILQ_REMOVE(&crashes->list, entry, link);
    crashes->count--;
    free_entry(entry);
}

void crashes_init(struct crashes *crashes)
{
    TAILQ_INIT(&crashes->list);
    crashes->count = 0;
}

void crashes_free(struct crashes *crashes)
{
    for (struct crash_entry *entry = TAILQ_FIRST(&crashes->list), *next; entry; entry = next) {
        next = TAILQ_NEXT(entry, link);
        free_entry(entry);
    }
    crashes_init(crashes);
}

static struct crash_entry *find(const struct crashes *crashes, const struct crash_note *note)
{
    struct crash_entry *entry;
    TAILQ_FOREACH (entry, &crashes->list, link)
        if (entry->fingerprint == note->fingerprint && strcmp(entry->module, note->module) == 0)
            return entry;
    return NULL;
}

/* Makes room for one more entry of the module. */
static void make_room(struct crashes *crashes, const char *module)
{
    struct crash_entry *entry, *oldest = NULL;
    size_t count = 0;
    TAILQ_FOREACH (entry, &crashes->list, link) {
        if (strcmp(entry->module, module) != 0)
            continue;
        oldest = entry;
        count++;
    }
    if (count >= CRASHES_OF_MODULE_MAX)
        forget(crashes, oldest);
    else if (crashes->count >= CRASHES_MAX)
        forget(crashes, TAILQ_LAST(&crashes->list, crash_list));
}

static struct crash_entry *add(struct crashes *crashes, const struct crash_note *note,
                               uint64_t now_us)
{
    make_room(crashes, note->module);
    struct crash_entry *entry = xcalloc(1, sizeof *entry);
    snprintf(entry->module, sizeof entry->module, "%s", note->module);
    entry->fingerprint = note->fingerprint;
    entry->signal = note->signal;
    entry->first_us = now_us;
    TAILQ_INSERT_HEAD(&crashes->list, entry, link);
    crashes->count++;
    return entry;
}

void crashes_note(struct crashes *crashes, const struct crash_note *note, uint64_t now_us)
{
    struct crash_entry *entry = find(crashes, note);
    if (!entry)
        entry = add(crashes, note, now_us);
    TAILQ_REMOVE(&crashes->list, entry, link);
    TAILQ_INSERT_HEAD(&crashes->list, entry, link);
    entry->last_us = now_us;
    entry->last_job = note->job;
    entry->count++;
    free(entry->text);
    entry->text = xstrdup(note->text);
}
