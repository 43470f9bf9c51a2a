/* settings: see settings.h. The master has checked them for the operator. A fault found here means
 * a master of another release, and the worker ends. */
#include "settings.h"

#include "common/limits.h"
#include "common/xmalloc.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns the value of the first entry `name` at or after `at`, or NULL. */
static const char *find(const struct settings *s, const char *at, const char *name)
{
    size_t len = strlen(name);

    for (const char *end = s->text + s->len; at < end; at += strlen(at) + 1) {
        if (strncmp(at, name, len) == 0 && at[len] == '=')
            return at + len + 1;
    }
    return NULL;
}

static const char *get(const struct settings *s, const char *name)
{
    return find(s, s->text, name);
}

static const char *or_none(const char *value)
{
    return value != NULL ? value : "(none)";
}

static int unpack(struct settings *s)
{
    s->boot = get(s, "boot");
    s->module_dir = get(s, "module_dir");
    if (s->boot != NULL && s->module_dir != NULL && s->module_dir[0] == '/')
        return 0;
    report(TM_ERROR, "the master's settings are broken: boot %s, module_dir %s (absolute)",
           or_none(s->boot), or_none(s->module_dir));
    return -1;
}

int settings_parse(struct settings *s, const char *text, size_t len)
{
    *s = (struct settings){.len = len};
    if (len == 0 || text[len - 1] != '\0') {
        report(TM_ERROR, "the master's settings are broken: the last one is not closed");
        return -1;
    }
    s->text = xmalloc(len);
    memcpy(s->text, text, len);
    if (unpack(s) < 0) {
        settings_free(s);
        return -1;
    }
    return 0;
}

void settings_free(struct settings *s)
{
    free(s->text);
    *s = (struct settings){0};
}

const char *settings_preload(const struct settings *s, const char *before)
{
    return find(s, before != NULL ? before + strlen(before) + 1 : s->text, "preload");
}

const char *settings_module_config(const struct settings *s, const char *module)
{
    char name[sizeof("config:") + MODULE_NAME_MAX];

    snprintf(name, sizeof(name), "config:%s", module);
    const char *config = get(s, name);
    return config != NULL ? config : "{}";
}
