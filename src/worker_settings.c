/*
 * worker_settings: the settings that workers are told in WELCOME; worker/settings.h says how.
 *
 * A worker is told those that were in force when it was started, also if a reload comes before its
 * hello: the old workers go on until one of the new ones shows that the new settings work, and a
 * worker that is still starting is an old one.
 */
#include "worker_private.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

/* One setting with the NUL that closes it. */
static void put(FILE *out, const char *name, const char *value)
{
    fprintf(out, "%s=%s", name, value);
    fputc('\0', out);
}

static void put_all(FILE *out, const struct config *config, const char *boot)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    put(out, "boot", boot);
    put(out, "module_dir", config->module_dir);
    put(out, "log_level", levels[config->log_level]);
    for (size_t i = 0; i < config->preload.count; i++)
        put(out, "preload", config->preload.items[i]);
    for (size_t i = 0; i < config->module_count; i++) {
        fputs("config:", out);
        put(out, config->modules[i].name, config->modules[i].config);
    }
}

static char *settings_text(const struct config *config, const char *boot, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);
    if (out)
        put_all(out, config, boot);
    bool failed = !out || ferror(out);
    if (failed || fclose(out) != 0)
        fatal(EX_OSERR, "no memory for the workers' settings");
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
