/* check_modules: see check_modules.h. */
#include "startup/check_modules.h"

#include "startup/module_check.h"
#include "startup/user_environ.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_module(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 3 && strcmp(entry->d_name + len - 3, ".so") == 0;
}

static bool is_preloaded(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->modules.preload.count; i++)
        if (strcmp(config->modules.preload.items[i], name) == 0)
            return true;
    return false;
}

/* Of the module in the file NAME.so, if `preload` or `modules` names it; NULL if it is not to be
 * initialised. */
static const char *settings_of(const struct config *config, const char *file)
{
    char name[NAME_MAX + 1];
    snprintf(name, sizeof name, "%.*s", (int)strlen(file) - 3, file);
    const struct module_setting *module = module_settings_find(&config->modules, name);
    if (!is_preloaded(config, name) && (!module || !module->enabled))
        return NULL;
    return module ? module->config : "{}";
}

/* The worker prints what it finds. */
static bool load_all(const struct config *config, struct dirent *const *entries, int count,
                     bool init, config_tell tell, void *arg)
{
    char path[PATH_MAX];
    bool fine = true;
    for (int i = 0; i < count; i++) {
        bool loads = false;
        int n = snprintf(path, sizeof path, "%s/%s", config->modules.dir, entries[i]->d_name);
        const char *settings = init ? settings_of(config, entries[i]->d_name) : NULL;
        int e = n > 0 && (size_t)n < sizeof path ? module_check(config, path, settings, &loads)
                                                 : ENAMETOOLONG;
        if (e) { /* and so it would be for the others */
            config_fault(config, "worker-path", NULL, tell, arg, "cannot run \"%s\" on %s: %s",
                         config->workers.path, entries[i]->d_name, strerror(e));
            return false;
        }
        fine &= loads;
    }
    return fine;
}

/* `module`: the entry of the key modules that names it, or NULL. */
static bool is_there(const struct config *config, const char *key, const char *module,
                     const char *name, config_tell tell, void *arg)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s.so", config->modules.dir, name);
    if (n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0)
        return true;
    config_fault(config, key, module, tell, arg, "there is no %s.so that can be read in \"%s\"",
                 name, config->modules.dir);
    return false;
}

static bool named_ones_are_there(const struct config *config, config_tell tell, void *arg)
{
    bool fine = true;
    for (size_t i = 0; i < config->modules.preload.count; i++)
        fine &= is_there(config, "preload", NULL, config->modules.preload.items[i], tell, arg);
    const struct module_setting *modules = config->modules.modules.items;
    for (size_t i = 0; i < config->modules.modules.count; i++)
        if (modules[i].enabled)
            fine &= is_there(config, "modules", modules[i].name, modules[i].name, tell, arg);
    return fine;
}

bool check_modules(const struct config *config, struct identity *identity, bool init,
                   config_tell tell, void *arg)
{
    struct dirent **entries;
    /* Before we are that user: to run modules it need not list them. */
    int count = scandir(config->modules.dir, &entries, is_module, alphasort);
    if (count < 0) {
        config_fault(config, "module-dir", NULL, tell, arg, "cannot list \"%s\": %s",
                     config->modules.dir, strerror(errno));
        return false;
    }
    identity_become(identity);
    user_environ_set(config->identity.user);
    bool fine = load_all(config, entries, count, init, tell, arg);
    fine &= named_ones_are_there(config, tell, arg);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return fine;
}
