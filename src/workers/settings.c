/*
 * worker_settings: the settings that workers are told in WELCOME; worker/settings.h says how.
 *
 * A worker is told those that were in force when it was started, also if a reload comes before its
 * hello: the old workers go on until one of the new ones shows that the new settings work, and a
 * worker that is still starting is an old one.
 */
#include "workers/workers_internal.h"

#include "common/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One setting with the NUL that closes it, at `to`, if that is not NULL. Returns its length. */
static size_t put(char *to, const char *kind, const char *name, const char *value)
{
    size_t len = strlen(kind) + strlen(name) + strlen(value) + 2;
    if (to)
        snprintf(to, len, "%s%s=%s", kind, name, value);
    return len;
}

/* All of them; how many bytes these are. */
static size_t put_all(char *to, const struct config *config, const char *boot)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    size_t len = put(to, "", "boot", boot);
    len += put(to ? to + len : NULL, "", "module_dir", config->module_dir);
    len += put(to ? to + len : NULL, "", "log_level", levels[config->log_level]);
    for (size_t i = 0; i < config->preload.count; i++)
        len += put(to ? to + len : NULL, "", "preload", config->preload.items[i]);
    for (size_t i = 0; i < config->module_count; i++)
        len += put(to ? to + len : NULL, "config:", config->modules[i].name,
                   config->modules[i].config);
    return len;
}

/* Not by open_memstream(): without memory it loses bytes and does not say so. */
static char *settings_text(const struct config *config, const char *boot, size_t *len)
{
    *len = put_all(NULL, config, boot);
    char *text = xmalloc(*len);
    put_all(text, config, boot);
    return text;
}

struct worker_settings *worker_settings_new(const struct config *config, const char *boot)
{
    struct worker_settings *settings = xcalloc(1, sizeof *settings);
    settings->refs = 1;
    settings->text = settings_text(config, boot, &settings->text_len);
    return settings;
}

struct worker_settings *worker_settings_ref(struct worker_settings *settings)
{
    settings->refs++;
    return settings;
}

void worker_settings_unref(struct worker_settings *settings)
{
    if (!settings || --settings->refs)
        return;
    free(settings->text);
    free(settings);
}
