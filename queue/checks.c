/* checks: see checks.h. */
#include "queue/checks.h"

#include "net/address.h"
#include "queue/all_settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct daemon_settings settings(const struct config *config)
{
    const struct queue_settings *all = queue_settings_of(config);
    return (struct daemon_settings){.listen = &all->peers.listen,
                                    .identity = &all->identity,
                                    .access = &all->access,
                                    .log = &all->log};
}

/* Returns 0, or the errno of the obstacle to a new directory. */
static int try_parent(const struct identity *identity, const char *path)
{
    char parent[PATH_MAX] = ".";
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len && path[len - 1] != '/')
        len--;
    if (len && len < sizeof parent)
        snprintf(parent, sizeof parent, "%.*s", (int)len, path);
    return identity_access(identity, parent, W_OK | X_OK);
}

/* Returns 0, or the errno of the obstacle to the directory, or to a new one. */
static int try_path(const struct identity *identity, const char *path)
{
    struct stat st;
    int e = identity_access(identity, path, R_OK | W_OK | X_OK);
    if (e == ENOENT)
        return try_parent(identity, path);
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode) ? ENOTDIR : e;
}

/* The store's directory is there, or can be made. */
static bool check_paths(const struct daemon_check *check, const struct identity *identity)
{
    const char *path = queue_settings_of(check->config)->store.path, *user = identity->user;
    int e = try_path(identity, path);
    if (e)
        daemon_check_tell(check, FINDING_FAULT, "store-path", NULL,
                          "%s \"%s\", expected a directory to write to%s%s, or the place for a new "
                          "one: %s",
                          config_is_set(check->config, "store-path") ? "found" : "by default", path,
                          *user ? " by user " : "", user, strerror(e));
    return !e;
}

/* A reload reads the file again. */
static void check_token_file(const struct daemon_check *check, const struct identity *identity)
{
    daemon_check_readable(check, identity, "master-token-file",
                          queue_settings_of(check->config)->master.token_file);
}

/* The master's name has an address. Nobody need listen there yet. */
static bool try_master(const struct daemon_check *check, struct identity *identity, bool option)
{
    const char *text = queue_settings_of(check->config)->master.address;
    struct address address;
    char why[128];
    (void)identity, (void)option;
    if (address_parse(&address, text, why, sizeof why) == 0)
        return true;
    daemon_check_tell(check, FINDING_FAULT, "master", NULL, "found \"%s\": %s", text, why);
    return false;
}

const struct start_checks queue_checks = {
    .program = "taskqueued",
    .sockets = "clients",
    .guard = "set token-file or access-file, or set allow-open-listen if something else keeps "
             "strangers away",
    .settings = settings,
    .paths = check_paths,
    .warn = check_token_file,
    .trial = try_master,
};
