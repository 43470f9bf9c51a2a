/*
 * config: defaults, then the file, then the command line; afterwards what no setting can be checked
 * for alone. Each key remembers where its value came from, so that an error can point there.
 */
#include "config/config.h"

#include "access/token_file.h"
#include "base/file_read.h"
#include "base/json_reason.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/module_name.h"
#include "common/xmalloc.h"
#include "config/json_line.h"
#include "config/options.h"
#include "config/settings_text.h"
#include "net/address.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    FILE_MAX = 4 * 1024 * 1024, /* of a configuration: thousands of modules */
    FAULT_MAX = PATH_MAX + 512, /* of an error's text without its origin */
};

/* Where the values of a config come from. */
struct config_source {
    const char *file;       /* its name; NULL without one */
    char *text;             /* of the file; likewise */
    bool *kept;             /* by row of the table: the value in force, not the one found */
    bool *in_file;          /* by row: the file sets it */
    const char **overrides; /* by row: the "key=value" that set it last; NULL if none did */
};

/* One config_load() or config_reload() on its way. */
struct load {
    const struct config_args *args;
    const struct config *in_force; /* NULL at the start */
    struct config *config;
    struct config_source *source; /* the config's */
    char *error;
    size_t error_size;
};

/* Where a value came from */

/* What the values in an error are taken from may hold anything; the error is one line. */
static void make_one_line(char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            *s = '?';
}

static size_t cut_len(int len, size_t size)
{
    return (size_t)len < size ? (size_t)len : size - 1;
}

/* "FILE:12: pool-max", "--pool-max=0", for a default "pool-max", for what a reload does not change
 * "listen, as it was at the start". `path` leads further down into the key's value in the file.
 * Returns its length. */
static size_t put_origin(const struct config_source *source, const struct option_spec *spec,
                         const char *const *path, size_t depth, char *out, size_t size)
{
    size_t row = (size_t)(spec - option_table);
    int len;
    if (source->kept[row])
        len = snprintf(out, size, "%s, as it was at the start", spec->key);
    else if (source->overrides[row])
        len = snprintf(out, size, "--%s", source->overrides[row]);
    else if (source->in_file[row])
        len = snprintf(out, size, "%s:%u: %s", source->file,
                       json_key_line(source->text, path, depth), spec->key);
    else
        len = snprintf(out, size, "%s", spec->key);
    return cut_len(len, size);
}

/* What follows put_origin() for an entry of the key modules. */
static size_t put_module(const struct config_source *source, const struct option_spec *spec,
                         const char *module, const char *field, char *out, size_t size)
{
    int len = snprintf(out, size, "%s%s%s%s", source->overrides[spec - option_table] ? ": " : ".",
                       module, *field ? "." : "", field);
    return cut_len(len, size);
}

/* A fault of one key's value. Always -1. */
__attribute__((format(printf, 3, 4))) static int fault(struct load *load, const char *key,
                                                       const char *fmt, ...)
{
    char text[FAULT_MAX];
    size_t len = put_origin(load->source, option_find(key), &key, 1, load->error, load->error_size);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    snprintf(load->error + len, load->error_size - len, ": %s", text);
    return -1;
}

/* What option_set() found, with the path to it. Always -1. */
static int fault_of(struct load *load, const struct option_spec *spec,
                    const struct option_error *found)
{
    const char *path[] = {spec->key, found->module, found->field};
    size_t depth = found->field[0] ? 3 : found->module[0] ? 2 : 1;
    size_t len = put_origin(load->source, spec, path, depth, load->error, load->error_size);
    if (depth > 1)
        len += put_module(load->source, spec, found->module, found->field, load->error + len,
                          load->error_size - len);
    snprintf(load->error + len, load->error_size - len, ": %s", found->text);
    return -1;
}

static void put_unknown(struct load *load, const char *key)
{
    const char *near = option_nearest(option_table, option_count, key);
    size_t len = strlen(load->error);
    snprintf(load->error + len, load->error_size - len, "unknown key %s%s%s%s", key,
             near ? ", did you mean " : "; taskmasterd --help lists those that there are",
             near ? near : "", near ? "?" : "");
}

/* The file */

static int apply_member(struct load *load, const char *key, json_t *value)
{
    const struct option_spec *spec = option_find(key);
    struct option_error found;
    if (!spec) {
        snprintf(load->error, load->error_size, "%s:%u: ", load->args->file,
                 json_key_line(load->source->text, &key, 1));
        put_unknown(load, key);
        return -1;
    }
    load->source->in_file[spec - option_table] = true;
    return option_set(load->config, spec, value, &found) < 0 ? fault_of(load, spec, &found) : 0;
}

static int apply_object(struct load *load, json_t *object)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object)) {
        snprintf(load->error, load->error_size, "%s:1: expected an object, { ... }, at the top",
                 load->args->file);
        return -1;
    }
    json_object_foreach (object, key, value)
        if (apply_member(load, key, value) < 0)
            return -1;
    return 0;
}

/* Where a number is too large for the parser, the key's range tells more than that. */
static void put_syntax(struct load *load, const json_error_t *syntax)
{
    char key[64], expected[OPTION_EXPECTED_MAX];
    const struct option_spec *spec = NULL;
    size_t used =
        (size_t)snprintf(load->error, load->error_size, "%s:%d: ", load->args->file, syntax->line);
    if (used >= load->error_size)
        return;
    if (json_error_code(syntax) == json_error_numeric_overflow &&
        json_last_key(load->source->text, load->source->text + syntax->position, key, sizeof key))
        spec = option_find(key) ? option_find(key) : option_module_find(key);
    if (spec) {
        option_expected(spec, expected);
        snprintf(load->error + used, load->error_size - used,
                 "%s: found a number that is too large, expected %s", key, expected);
    } else {
        snprintf(load->error + used, load->error_size - used, "%s%s", json_reason(syntax),
                 settings_text_hint(load->source->text, syntax));
    }
}

/* At the start -c <(...) will do; a reload must not hold up the jobs that run. */
static enum file_kind kind_of_files(const struct load *load)
{
    return load->in_force ? FILE_REGULAR : FILE_ANY;
}

static int apply_file(struct load *load)
{
    const char *file = load->args->file, *why;
    size_t len;
    if (!file)
        return 0;
    load->source->text = file_read(file, FILE_MAX, kind_of_files(load), &len, &why);
    if (!load->source->text) {
        snprintf(load->error, load->error_size, "%s: %s", file, why);
        return -1;
    }
    const char *foreign = settings_text_foreign(load->source->text, len);
    if (foreign) {
        snprintf(load->error, load->error_size, "%s:1: %s", file, foreign);
        return -1;
    }
    json_error_t syntax;
    json_t *object = json_loadb(load->source->text, len, JSON_REJECT_DUPLICATES, &syntax);
    if (!object) {
        put_syntax(load, &syntax);
        return -1;
    }
    int rc = apply_object(load, object);
    json_decref(object);
    return rc;
}

/* The command line */

static int apply_override(struct load *load, const char *override)
{
    const char *equals = strchr(override, '=');
    if (!equals) {
        snprintf(load->error, load->error_size, "--%s: expected --KEY=VALUE", override);
        return -1;
    }
    char *key = xasprintf("%.*s", (int)(equals - override), override);
    const struct option_spec *spec = option_find(key);
    struct option_error found;
    int rc = -1;
    if (!spec) {
        snprintf(load->error, load->error_size, "--%s: ", override);
        put_unknown(load, key);
    } else {
        load->source->overrides[spec - option_table] = override;
        rc = option_set_text(load->config, spec, equals + 1, &found);
        if (rc < 0)
            fault_of(load, spec, &found);
    }
    free(key);
    return rc;
}

static int apply_overrides(struct load *load)
{
    for (size_t i = 0; i < load->args->override_count; i++)
        if (apply_override(load, load->args->overrides[i]) < 0)
            return -1;
    return 0;
}

/* Where the worker and the modules are */

/* Of an absolute path, without the slash at the end: that of /x is the empty text. */
static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return xasprintf("%.*s", slash ? (int)(slash - path) : 0, path);
}

/* The directory of the running program, absolute. Without /proc it is looked for by its name. */
static char *program_dir(const char *program)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len > 0)
        path[len] = '\0';
    else if (!program || !realpath(program, path))
        return xstrdup("/usr/local/bin");
    return parent_of(path);
}

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A relative path from the file would change its meaning if the master changed directory. */
static void make_absolute(char **path)
{
    if ((*path)[0] == '/')
        return;
    char *cwd = getcwd(NULL, 0);
    if (!cwd)
        return; /* the directory is gone: nothing relative will be found, and opening it says so */
    char *joined = xasprintf("%s/%s", strcmp(cwd, "/") == 0 ? "" : cwd, *path);
    free(cwd);
    free(*path);
    *path = joined;
}

/* In a build tree everything is in one directory; an installed tree may be anywhere, so its parts
 * are found from the program's own place and not from a PREFIX that the compiler was told. */
static void resolve_paths(struct load *load)
{
    struct config *config = load->config;
    char *dir = program_dir(load->args->program);
    char *prefix = parent_of(dir);
    char *worker = xasprintf("%s/taskmaster-worker", dir);
    char *modules = xasprintf("%s/modules", dir);
    if (access(worker, X_OK) < 0 || !is_dir(modules)) {
        free(worker);
        free(modules);
        worker = xasprintf("%s/libexec/taskmaster/taskmaster-worker", prefix);
        modules = xasprintf("%s/lib/taskmaster/modules", prefix);
    }
    if (!config->workers.path)
        config->workers.path = xstrdup(worker);
    if (!config->modules.dir)
        config->modules.dir = xstrdup(modules);
    make_absolute(&config->workers.path);
    make_absolute(&config->modules.dir);
    free(modules);
    free(worker);
    free(prefix);
    free(dir);
}

/* What takes more than one key to check */

bool config_is_set(const struct config *config, const char *key)
{
    size_t row = (size_t)(option_find(key) - option_table);
    return config->source->in_file[row] || config->source->overrides[row];
}

static int check_pool(struct load *load)
{
    struct config *config = load->config;
    if (config->jobs.pool_start <= config->jobs.pool_max)
        return 0;
    if (config_is_set(load->config, "pool-start"))
        return fault(load, "pool-start",
                     "found %" PRIu32 ", expected at most pool-max, %" PRIu32 "%s",
                     config->jobs.pool_start, config->jobs.pool_max,
                     config_is_set(load->config, "pool-max") ? "" : " by default");
    config->jobs.pool_start = config->jobs.pool_max;
    return 0;
}

/* `bound` must be over payload-max. Whoever wrote payload-max alone is not told of a number that
 * nobody wrote as if it were the fault. */
static int check_over_payload(struct load *load, const char *key, uint64_t bound, bool over,
                              const char *expected)
{
    uint64_t payload_max = load->config->clients.payload_max;
    if (over)
        return 0;
    if (config_is_set(load->config, key))
        return fault(load, key, "found %" PRIu64 ", expected %s payload-max, %" PRIu64 "%s", bound,
                     expected, payload_max,
                     config_is_set(load->config, "payload-max") ? "" : " by default");
    return fault(load, "payload-max",
                 "found %" PRIu64 ", but %s is %" PRIu64 " by default and must be %s payload-max: "
                 "raise it too",
                 payload_max, key, bound, expected);
}

static int check_sizes(struct load *load)
{
    const struct config *config = load->config;
    const struct {
        const char *key;
        uint64_t bound;
        bool more;
    } sizes[] = {{"payload-total-max", config->clients.payload_total_max, false},
                 {"output-total-max", config->clients.output_total_max, false},
                 {"client-output-max", config->jobs.source_output_max, true}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t bound = sizes[i].bound, least = config->clients.payload_max + sizes[i].more;
        if (check_over_payload(load, sizes[i].key, bound, bound >= least,
                               sizes[i].more ? "more than" : "at least") < 0)
            return -1;
    }
    return 0;
}

/* An address of `key`. `guarded`: something asks whoever connects for a token. */
static int check_address(struct load *load, const char *key, const char *text, bool guarded,
                         enum address_kind *kind)
{
    char why[128];
    bool local;
    if (address_check(text, kind, &local, why, sizeof why) < 0)
        return fault(load, key, "found \"%s\", %s", text, why);
    if (local || guarded || load->config->access.allow_open_listen)
        return 0;
    return fault(load, key,
                 "found \"%s\", which others than this machine may reach: %sset allow-open-listen "
                 "if something else keeps strangers away",
                 text, strcmp(key, "listen") == 0 ? "set token-file, or " : "");
}

static int check_listen(struct load *load)
{
    const struct config *config = load->config;
    enum address_kind kind;
    for (size_t i = 0; i < config->clients.listen.count; i++)
        if (check_address(load, "listen", config->clients.listen.items[i],
                          config->access.token_file, &kind) < 0)
            return -1;
    if (check_address(load, "worker-listen", config->workers.listen, false, &kind) < 0)
        return -1;
    if (kind == ADDRESS_UNIX)
        return fault(load, "worker-listen", "found \"%s\", expected HOST:PORT: workers use TCP",
                     config->workers.listen);
    return 0;
}

static int check_preload(struct load *load)
{
    const struct option_list *preload = &load->config->modules.preload;
    for (size_t i = 0; i < preload->count; i++)
        if (!module_name_valid(preload->items[i], strlen(preload->items[i])))
            return fault(load, "preload",
                         "found \"%s\", expected a module's name of 1 to %d of [A-Za-z0-9_-]",
                         preload->items[i], MODULE_NAME_MAX);
    return 0;
}

static int read_tokens(struct load *load)
{
    struct config *config = load->config;
    char why[PATH_MAX + 128];
    if (!config->access.token_file)
        return 0;
    if (token_file_read(config->access.token_file, kind_of_files(load), &config->access.tokens, why,
                        sizeof why) < 0)
        return fault(load, "token-file", "%s", why);
    return 0;
}

static int check(struct load *load)
{
    if (check_pool(load) < 0 || check_sizes(load) < 0 || check_listen(load) < 0)
        return -1;
    return check_preload(load);
}

/* What a reload cannot change stays as it is in force. */
static void keep_fixed(struct load *load)
{
    for (size_t i = 0; i < option_count; i++) {
        const struct option_spec *spec = &option_table[i];
        if (spec->reload)
            continue;
        struct option_error none;
        json_t *old = option_get(load->in_force, spec);
        json_t *found = option_get(load->config, spec);
        load->source->kept[i] = !json_equal(old, found);
        bug_on(option_set(load->config, spec, old, &none) < 0);
        json_decref(found);
        json_decref(old);
    }
}

/* A reload is checked twice: as it is written, for that is what the next start will find, and as it
 * will be in force, where addresses that are listened on meet new settings that guard them. */
static int load_all(struct load *load)
{
    options_default(load->config);
    if (apply_file(load) < 0 || apply_overrides(load) < 0)
        return -1;
    resolve_paths(load);
    if (check(load) < 0)
        return -1;
    if (load->in_force) {
        keep_fixed(load);
        if (check(load) < 0)
            return -1;
    }
    return read_tokens(load);
}

static void visit_kept(const struct load *load, config_visit *visit, void *arg)
{
    for (size_t i = 0; i < option_count; i++)
        if (load->source->kept[i])
            visit(option_table[i].key, arg);
}

static struct config_source *source_new(const char *file)
{
    struct config_source *source = xcalloc(1, sizeof *source);
    source->file = file;
    source->kept = xcalloc(option_count, sizeof *source->kept);
    source->in_file = xcalloc(option_count, sizeof *source->in_file);
    source->overrides = xcalloc(option_count, sizeof *source->overrides);
    return source;
}

static void source_free(struct config_source *source)
{
    free(source->overrides);
    free(source->in_file);
    free(source->kept);
    free(source->text);
    free(source);
}

struct config *config_load(const struct config_args *args, char *error, size_t error_size)
{
    return config_reload(NULL, args, NULL, NULL, error, error_size);
}

struct config *config_reload(const struct config *in_force, const struct config_args *args,
                             config_visit *visit, void *arg, char *error, size_t error_size)
{
    struct config *config = xcalloc(1, sizeof *config);
    config->source = source_new(args->file);
    struct load load = {.args = args,
                        .in_force = in_force,
                        .config = config,
                        .source = config->source,
                        .error = error,
                        .error_size = error_size};
    if (load_all(&load) < 0) {
        make_one_line(error);
        settings_text_show(error, error_size);
        config_free(config);
        return NULL;
    }
    if (visit)
        visit_kept(&load, visit, arg);
    return config;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    token_set_free(&config->access.tokens);
    source_free(config->source);
    options_free(config);
    free(config);
}

void config_origin(const struct config *config, const char *key, const char *module,
                   char origin[CONFIG_ORIGIN_MAX])
{
    const struct option_spec *spec = option_find(key);
    const char *path[] = {key, module};
    size_t len = put_origin(config->source, spec, path, module ? 2 : 1, origin, CONFIG_ORIGIN_MAX);
    if (module)
        put_module(config->source, spec, module, "", origin + len, CONFIG_ORIGIN_MAX - len);
    make_one_line(origin);
}

json_t *config_to_json(const struct config *config)
{
    json_t *object = json_object();
    for (size_t i = 0; i < option_count; i++)
        if (json_object_set_new(object, option_table[i].key, option_get(config, &option_table[i])))
            fatal(EX_OSERR, "cannot allocate a JSON object");
    return object;
}

static bool differs(const struct config *before, const struct config *after,
                    const struct option_spec *spec)
{
    json_t *old = option_get(before, spec);
    json_t *new = option_get(after, spec);
    bool equal = json_equal(old, new);
    json_decref(new);
    json_decref(old);
    return !equal || (spec == option_find("token-file") &&
                      !token_set_equal(&before->access.tokens, &after->access.tokens));
}

void config_changes(const struct config *before, const struct config *after, config_visit *visit,
                    void *arg)
{
    for (size_t i = 0; i < option_count; i++)
        if (differs(before, after, &option_table[i]))
            visit(option_table[i].key, arg);
}
