/* module_names: see module_names.h. */
#include "stats/module_names.h"

#include "common/name.h"
#include "common/xmalloc.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 64 };

static void add(struct module_names *names, const char *text, size_t len, bool file)
{
    if (names->count == names->room) {
        names->room = names->room ? 2 * names->room : ROOM_MIN;
        names->items = xrealloc(names->items, names->room * sizeof *names->items);
    }
    struct module_name *name = &names->items[names->count++];
    *name = (struct module_name){.file = file};
    memcpy(name->text, text, len);
}

/* A directory that may be searched, but not read, has no names; known modules have files there. */
static void add_files(struct module_names *names, const char *path)
{
    const struct dirent *entry;
    DIR *files = opendir(path);
    names->hidden = !files && errno == EACCES;
    if (!files)
        return;
    /* cppcheck-suppress readdirCalled ; there is one thread, and readdir_r() is deprecated */
    while ((entry = readdir(files))) {
        size_t len = module_name_in(entry->d_name);
        if (len)
            add(names, entry->d_name, len, true);
    }
    closedir(files);
}

static void add_settings(struct module_names *names, const struct option_entries *modules)
{
    const struct module_setting *settings = modules->items;
    for (size_t i = 0; i < modules->count; i++)
        add(names, settings[i].name, strlen(settings[i].name), false);
}

static void add_entry(struct hash_node *node, void *arg)
{
    const struct module_entry *entry = module_entry_of(node);
    struct module_names *names = arg;
    if (entry->file.seen)
        add(names, entry->name, strlen(entry->name), names->hidden && entry->file.usable);
}

static int compare(const void *a, const void *b)
{
    const struct module_name *x = a, *y = b;
    return strcmp(x->text, y->text);
}

static void join_equal(struct module_names *names)
{
    size_t kept = 0;
    for (size_t i = 0; i < names->count; i++) {
        struct module_name *last = kept ? &names->items[kept - 1] : NULL;
        if (last && strcmp(last->text, names->items[i].text) == 0)
            last->file |= names->items[i].file;
        else
            names->items[kept++] = names->items[i];
    }
    names->count = kept;
}

void module_names_collect(struct module_names *names, const struct module_table *table)
{
    *names = (struct module_names){.items = NULL};
    add_files(names, table->settings->dir);
    add_settings(names, &table->settings->modules);
    hash_each(&table->by_name, add_entry, names);
    if (!names->count)
        return;
    qsort(names->items, names->count, sizeof *names->items, compare);
    join_equal(names);
}

void module_names_free(struct module_names *names)
{
    free(names->items);
}
