/* worker_settings: the settings that workers are told in WELCOME; worker/settings.h says how. */
#include "worker_private.h"

#include "common/log.h"

#include <stdio.h>
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
    fprintf(out, "payload_max=%llu", (unsigned long long)config->payload_max);
    fputc('\0', out);
    put(out, "log_level", levels[config->log_level]);
    for (size_t i = 0; i < config->preload.count; i++)
        put(out, "preload", config->preload.items[i]);
    for (size_t i = 0; i < config->module_count; i++) {
        fputs("config:", out);
        put(out, config->modules[i].name, config->modules[i].config);
    }
}

char *worker_settings_text(const struct config *config, const char *boot, size_t *len)
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
