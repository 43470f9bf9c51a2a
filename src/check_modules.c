/* check_modules: see check_modules.h. */
#include "check_modules.h"

#include "module_check.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static int is_module(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 3 && strcmp(entry->d_name + len - 3, ".so") == 0;
}

static bool loads(const struct config *config, const char *file)
{
    char path[PATH_MAX];
    bool fine = false;
    int n = snprintf(path, sizeof path, "%s/%s", config->module_dir, file);
    if (n < 0 || (size_t)n >= sizeof path) {
        fprintf(stderr, "%s: the path is too long\n", file);
        return false;
    }
    int e = module_check(config, path, &fine);
    if (e)
        fprintf(stderr, "cannot run %s: %s\n", config->worker_path, strerror(e));
    return fine;
}

static bool is_there(const struct config *config, const char *name)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s.so", config->module_dir, name);
    return n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0;
}

static bool named_ones_are_there(const struct config *config)
{
    bool fine = true;
    for (size_t i = 0; i < config->preload.count; i++) {
        if (!is_there(config, config->preload.items[i])) {
            fprintf(stderr, "preload: no %s.so in %s\n", config->preload.items[i],
                    config->module_dir);
            fine = false;
        }
    }
    for (size_t i = 0; i < config->module_count; i++) {
        if (config->modules[i].enabled && !is_there(config, config->modules[i].name)) {
            fprintf(stderr, "modules: no %s.so in %s\n", config->modules[i].name,
                    config->module_dir);
            fine = false;
        }
    }
    return fine;
}

int check_modules(const struct config *config)
{
    struct dirent **entries;
    int count = scandir(config->module_dir, &entries, is_module, alphasort);
    bool fine = count >= 0;
    if (count < 0)
        fprintf(stderr, "cannot read module-dir %s: %s\n", config->module_dir, strerror(errno));
    for (int i = 0; i < count; i++) {
        fine &= loads(config, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    fine &= named_ones_are_there(config);
    if (fine)
        puts("the settings are fine");
    else
        fputs("the settings are not fine\n", stderr);
    return fine ? EX_OK : EX_CONFIG;
}
