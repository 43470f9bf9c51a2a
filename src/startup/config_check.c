/* config_check: see config_check.h. */
#include "startup/config_check.h"

#include "common/xmalloc.h"
#include "net/address.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* One check on its way. */
struct check {
    const struct config *config;
    const struct identity *identity;
    config_tell tell;
    void *arg;
    bool fine;
};

static struct check begin(const struct config *config, const struct identity *identity,
                          config_tell tell, void *arg)
{
    return (struct check){
        .config = config, .identity = identity, .tell = tell, .arg = arg, .fine = true};
}

static void tell_of(const struct config *config, const char *key, const char *module,
                    enum config_finding finding, config_tell tell, void *arg, const char *fmt,
                    va_list ap)
{
    char origin[CONFIG_ORIGIN_MAX], text[CONFIG_FINDING_MAX];
    config_origin(config, key, module, origin);
    size_t len = (size_t)snprintf(text, sizeof text, "%s: ", origin);
    vsnprintf(text + len, sizeof text - len, fmt, ap);
    tell(arg, finding, text);
}

void config_fault(const struct config *config, const char *key, const char *module,
                  config_tell tell, void *arg, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tell_of(config, key, module, CONFIG_FAULT, tell, arg, fmt, ap);
    va_end(ap);
}

__attribute__((format(printf, 4, 5))) static void find(struct check *check,
                                                       enum config_finding finding, const char *key,
                                                       const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tell_of(check->config, key, NULL, finding, check->tell, check->arg, fmt, ap);
    va_end(ap);
    check->fine &= finding != CONFIG_FAULT;
}

/* --- user and group --- */

bool config_check_identity(const struct config *config, struct identity *identity, config_tell tell,
                           void *arg)
{
    char text[CONFIG_FINDING_MAX];
    if (identity_find(identity, config, text, sizeof text) == 0)
        return true;
    tell(arg, CONFIG_FAULT, text);
    return false;
}

bool config_check_rights(const struct config *config, const struct identity *identity,
                         enum config_finding finding, config_tell tell, void *arg)
{
    struct check check = begin(config, identity, tell, arg);
    bool possible = identity_possible(identity);
    if (!possible)
        find(&check, finding, config->identity.user ? "user" : "group",
             "found \"%s\", which only root can become",
             config->identity.user ? config->identity.user : config->identity.group);
    return possible;
}

/* --- paths --- */

/* 0, or the errno of why that user cannot use it so. */
static int usable(const struct identity *identity, const char *path, bool directory)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return errno;
    if (directory && !S_ISDIR(st.st_mode))
        return ENOTDIR;
    if (!directory && S_ISDIR(st.st_mode))
        return EISDIR;
    return identity_access(identity, path, directory ? R_OK | X_OK : X_OK);
}

static void check_path(struct check *check, const char *key, const char *path, bool directory,
                       const char *expected)
{
    const char *user = check->identity->user;
    int e = usable(check->identity, path, directory);
    if (e)
        find(check, CONFIG_FAULT, key, "%s \"%s\", expected %s%s%s: %s",
             config_is_set(check->config, key) ? "found" : "by default", path, expected,
             *user ? " by user " : "", user, strerror(e));
}

bool config_check_paths(const struct config *config, const struct identity *identity,
                        config_tell tell, void *arg)
{
    struct check check = begin(config, identity, tell, arg);
    check_path(&check, "worker-path", config->workers.path, false, "a program that can be run");
    check_path(&check, "module-dir", config->modules.dir, true, "a directory that can be read");
    return check.fine;
}

void config_check_reload(const struct config *config, const char *file,
                         const struct identity *identity, config_tell tell, void *arg)
{
    struct check check = begin(config, identity, tell, arg);
    const char *who = *identity->user ? identity->user : "of that group";
    int e = file ? identity_access(identity, file, R_OK) : 0;
    if (e) {
        char text[CONFIG_FINDING_MAX];
        snprintf(text, sizeof text, "%s: user %s cannot read it: %s: reloads would fail", file, who,
                 strerror(e));
        tell(arg, CONFIG_WARNING, text);
    }
    if (config->access.token_file &&
        (e = identity_access(identity, config->access.token_file, R_OK)))
        find(&check, CONFIG_WARNING, "token-file",
             "user %s cannot read \"%s\": %s: reloads would fail", who, config->access.token_file,
             strerror(e));
}

/* --- tokens --- */

/* Shorter tokens are what people think up, and somebody may try thousands a second over many
 * connections; 16 bytes drawn by chance stand that for ever. */
enum { TOKEN_LEN_SAFE = 16 };

void config_check_tokens(const struct config *config, config_tell tell, void *arg)
{
    struct check check = begin(config, NULL, tell, arg);
    size_t count = 0, shortest = TOKEN_LEN_SAFE;
    for (size_t i = 0; i < config->access.tokens.count; i++) {
        size_t len = config->access.tokens.tokens[i].len;
        count += len < TOKEN_LEN_SAFE;
        shortest = len < shortest ? len : shortest;
    }
    if (count)
        find(&check, CONFIG_WARNING, "token-file",
             "\"%s\" has %zu of %zu tokens that can be guessed: the shortest is of %zu bytes, "
             "expected at least %d; \"openssl rand -hex 16\" makes one",
             config->access.token_file, count, config->access.tokens.count, shortest,
             TOKEN_LEN_SAFE);
}

/* --- addresses --- */

/* One address of the settings. */
struct place {
    const char *key, *text;
    struct address address;
    bool known;
};

/* A socket's file needs its directory, and takes the place of no other file. */
static void check_socket_file(struct check *check, const struct place *place)
{
    char dir[sizeof place->address.storage];
    const struct sockaddr_un *un = (const struct sockaddr_un *)&place->address.storage;
    const char *slash = strrchr(un->sun_path, '/');
    struct stat st;
    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - un->sun_path) : 1,
             slash ? un->sun_path : ".");
    if (stat(*dir ? dir : "/", &st) < 0)
        find(check, CONFIG_FAULT, place->key,
             "found \"%s\", expected an existing directory: %s: %s", place->text, dir,
             strerror(errno));
    else if (lstat(un->sun_path, &st) == 0 && !S_ISSOCK(st.st_mode))
        find(check, CONFIG_FAULT, place->key, "found \"%s\", which is there and is no socket",
             place->text);
}

static void check_place(struct check *check, const char *key, const char *text, struct place *place)
{
    char why[128];
    *place = (struct place){.key = key, .text = text};
    if (address_parse(&place->address, text, why, sizeof why) < 0) {
        find(check, CONFIG_FAULT, key, "found \"%s\": %s", text, why);
        return;
    }
    place->known = true;
    if (place->address.kind == ADDRESS_UNIX)
        check_socket_file(check, place);
}

static void check_clash(struct check *check, const struct place *place, const struct place *before)
{
    if (place->known && before->known && address_clash(&place->address, &before->address))
        find(check, CONFIG_FAULT, place->key, "found \"%s\", which \"%s\" of %s has taken",
             place->text, before->text, before->key);
}

bool config_check_addresses(const struct config *config, config_tell tell, void *arg)
{
    struct check check = begin(config, NULL, tell, arg);
    size_t count = config->clients.listen.count + 1;
    struct place *places = xcalloc(count, sizeof *places);
    for (size_t i = 0; i < count; i++) {
        bool last = i + 1 == count;
        check_place(&check, last ? "worker-listen" : "listen",
                    last ? config->workers.listen : config->clients.listen.items[i], &places[i]);
        for (size_t j = 0; j < i; j++)
            check_clash(&check, &places[i], &places[j]);
    }
    free(places);
    return check.fine;
}
