/* check_modules: see check_modules.h. */
#include "startup/check_modules.h"

#include "daemon/user_environ.h"

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

static bool has(const struct option_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], name) == 0)
            return true;
    return false;
}

/* By any pool. */
static bool is_preloaded(const struct job_settings *jobs, const char *name)
{
    const struct pool_settings *pools = jobs->pools.items;
    bool found = has(&jobs->pool.preload, name);
    for (size_t i = 0; !found && i < jobs->pools.count; i++)
        found = has(&pools[i].preload, name);
    return found;
}

/* The settings of the module in the file NAME.so, if `preload` or `modules` names it; NULL if it is
 * not to be initialised. */
static const char *settings_of(const struct checked_modules *checked, const char *file)
{
    char name[NAME_MAX + 1];
    snprintf(name, sizeof name, "%.*s", (int)strlen(file) - 3, file);
    const struct module_setting *module = module_settings_find(checked->modules, name);
    if (!is_preloaded(checked->jobs, name) && (!module || !module->enabled))
        return NULL;
    return module ? module->config : "{}";
}

/* The worker prints its findings. */
static bool load_all(const struct daemon_check *check, const struct checked_modules *checked,
                     struct dirent *const *entries, int count, bool init)
{
    const struct module_host *host = checked->host;
    char path[PATH_MAX];
    bool fine = true;
    for (int i = 0; i < count; i++) {
        bool loads = false;
        int n = snprintf(path, sizeof path, "%s/%s", checked->modules->dir, entries[i]->d_name);
        const char *settings = init ? settings_of(checked, entries[i]->d_name) : NULL;
        int e = n > 0 && (size_t)n < sizeof path ? module_trial_run(host, path, settings, &loads)
                                                 : ENAMETOOLONG;
        if (e) { /* and so it would be for the others */
            daemon_check_tell(check, FINDING_FAULT, "worker-path", NULL,
                              "cannot run \"%s\" on %s: %s", host->worker_path, entries[i]->d_name,
                              strerror(e));
            return false;
        }
        fine &= loads;
    }
    return fine;
}

/* `entry`: the entry of the key with its name, or NULL. */
static bool is_there(const struct daemon_check *check, const char *dir, const char *key,
                     const char *entry, const char *name)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s.so", dir, name);
    if (n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0)
        return true;
    daemon_check_tell(check, FINDING_FAULT, key, entry,
                      "there is no %s.so that can be read in \"%s\"", name, dir);
    return false;
}

/* `pool` is at the top level, or an entry under `pools`. */
static bool preloads_are_there(const struct daemon_check *check, const char *dir,
                               const struct pool_settings *pool)
{
    bool fine = true;
    for (size_t i = 0; i < pool->preload.count; i++)
        fine &= is_there(check, dir, pool->name ? "pools" : "preload", pool->name,
                         pool->preload.items[i]);
    return fine;
}

static bool named_ones_are_there(const struct daemon_check *check,
                                 const struct checked_modules *checked)
{
    const struct module_settings *modules = checked->modules;
    const struct job_settings *jobs = checked->jobs;
    const struct pool_settings *pools = jobs->pools.items;
    const struct module_setting *entries = modules->modules.items;
    bool fine = preloads_are_there(check, modules->dir, &jobs->pool);
    for (size_t i = 0; i < jobs->pools.count; i++)
        fine &= preloads_are_there(check, modules->dir, &pools[i]);
    for (size_t i = 0; i < modules->modules.count; i++)
        if (entries[i].enabled)
            fine &= is_there(check, modules->dir, "modules", entries[i].name, entries[i].name);
    return fine;
}

bool startup_check_modules(const struct daemon_check *check, const struct checked_modules *checked,
                           struct identity *identity, bool init)
{
    const char *dir = checked->modules->dir;
    struct dirent **entries;
    /* Before the change of user: to run modules it need not list them. */
    int count = scandir(dir, &entries, is_module, alphasort);
    if (count < 0) {
        daemon_check_tell(check, FINDING_FAULT, "module-dir", NULL, "cannot list \"%s\": %s", dir,
                          strerror(errno));
        return false;
    }
    identity_become(identity);
    user_environ_set(checked->host->user);
    bool fine = load_all(check, checked, entries, count, init);
    fine &= named_ones_are_there(check, checked);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return fine;
}
