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

/* Writes all settings, unless `to` is NULL. Returns the length. */
static size_t put_all(char *to, const struct module_settings *modules,
                      const struct option_list *preload, enum log_level level, const char *boot)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    const struct module_setting *entries = modules->modules.items;
    size_t len = put(to, "", "boot", boot);
    len += put(to ? to + len : NULL, "", "module_dir", modules->dir);
    len += put(to ? to + len : NULL, "", "log_level", levels[level]);
    for (size_t i = 0; i < preload->count; i++)
        len += put(to ? to + len : NULL, "", "preload", preload->items[i]);
    for (size_t i = 0; i < modules->modules.count; i++)
        len += put(to ? to + len : NULL, "config:", entries[i].name, entries[i].config);
    return len;
}

/* open_memstream() was rejected: without memory it loses bytes silently. */
static char *welcome_text(const struct module_settings *modules, const struct option_list *preload,
                          enum log_level level, const char *boot, size_t *len)
{
    *len = put_all(NULL, modules, preload, level, boot);
    char *text = xmalloc(*len);
    put_all(text, modules, preload, level, boot);
    return text;
}

struct worker_welcome *worker_welcome_new(const struct module_settings *modules,
                                          const struct option_list *preload, enum log_level level,
                                          const char *boot)
{
    struct worker_welcome *welcome = xcalloc(1, sizeof *welcome);
    welcome->refs = 1;
    welcome->text = welcome_text(modules, preload, level, boot, &welcome->text_len);
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
