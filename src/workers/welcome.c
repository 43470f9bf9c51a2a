/* worker_welcome: see welcome.h. */
#include "workers/welcome.h"

#include "common/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes one setting and its closing NUL, unless `to` is NULL. Returns the length. */
static size_t put(char *to, const char *kind, const char *name, const char *value)
{
    size_t len = strlen(kind) + strlen(name) + strlen(value) + 2;
    if (to)
        snprintf(to, len, "%s%s=%s", kind, name, value);
    return len;
}

/* Writes the settings of all workers, unless `to` is NULL. Returns the length. */
static size_t put_all(char *to, const struct module_settings *modules, const char *boot)
{
    const struct module_setting *entries = modules->modules.items;
    size_t len = put(to, "", "boot", boot);
    len += put(to ? to + len : NULL, "", "module_dir", modules->dir);
    for (size_t i = 0; i < modules->modules.count; i++)
        len += put(to ? to + len : NULL, "config:", entries[i].name, entries[i].config);
    return len;
}

/* Likewise. */
static size_t put_preload(char *to, const struct option_list *list)
{
    size_t len = 0;
    for (size_t i = 0; i < list->count; i++)
        len += put(to ? to + len : NULL, "", "preload", list->items[i]);
    return len;
}

static struct worker_welcome *make(size_t len)
{
    struct worker_welcome *welcome = xcalloc(1, sizeof *welcome);
    welcome->refs = 1;
    welcome->text = xmalloc(len);
    welcome->text_len = len;
    return welcome;
}

/* open_memstream() was rejected: without memory it loses bytes silently. */
struct worker_welcome *worker_welcome_new(const struct module_settings *modules, const char *boot)
{
    struct worker_welcome *welcome = make(put_all(NULL, modules, boot));
    put_all(welcome->text, modules, boot);
    return welcome;
}

struct worker_welcome *worker_welcome_preload(const struct option_list *list)
{
    struct worker_welcome *welcome = make(put_preload(NULL, list));
    put_preload(welcome->text, list);
    return welcome;
}

struct worker_welcome *worker_welcome_ref(struct worker_welcome *welcome)
{
    welcome->refs++;
    return welcome;
}

void worker_welcome_unref(struct worker_welcome *welcome)
{
    if (!welcome || --welcome->refs)
        return;
    free(welcome->text);
    free(welcome);
}
