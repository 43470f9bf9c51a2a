/*
 * fuzz_config: any text as a configuration file, as options and as a token file.
 *
 * The input is the file, then lines of KEY=VALUE behind a line "--", then the token file behind
 * another. A configuration is either refused with one line of text, or accepted. An accepted
 * configuration can be written out and read back without change.
 */
#include "all_settings.h"
#include "base/file_read.h"
#include "common/log.h"
#include "common/name.h"
#include "config/json_line.h"
#include "net/address.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OVERRIDES_MAX = 16, ERROR_MAX = 1024 };

static const char file_name[] = "fuzz.json";
static struct {
    const char *text;
    size_t len;
} file, tokens;

/* In place of src/base/file_read.c: no input reaches the disk. */
char *file_read(const char *path, size_t max, enum file_kind kind, size_t *len, const char **why)
{
    (void)kind;
    bool is_file = strcmp(path, file_name) == 0;
    if (!is_file && strncmp(path, "tokens", 6) != 0) {
        *why = "it is not there";
        return NULL;
    }
    *len = is_file ? file.len : tokens.len;
    if (*len > max) {
        *why = "it is too long";
        return NULL;
    }
    char *text = malloc(*len + 1);
    memcpy(text, is_file ? file.text : tokens.text, *len);
    text[*len] = '\0';
    return text;
}

/* A line without control characters. */
static void check_error(const char *error)
{
    bug_on(!error[0] || strnlen(error, ERROR_MAX) == ERROR_MAX);
    for (const char *at = error; *at; at++)
        bug_on((unsigned char)*at < 0x20 || *at == 0x7f);
}

/* A valid address can be resolved, and its printed form is valid, too. */
static void check_address(const char *text)
{
    struct address address, again;
    enum address_kind kind;
    bool local;
    char error[128], shown[ADDRESS_TEXT_MAX];
    bug_on(address_check(text, &kind, &local, error, sizeof error) < 0);
    if (kind == ADDRESS_NAME) /* the resolver is not under test */
        return;
    if (address_parse(&address, text, error, sizeof error) < 0)
        return; /* an IPv6 zone unknown to this machine */
    address_format((struct sockaddr *)&address.storage, address.len, shown);
    if (kind == ADDRESS_UNIX || strchr(shown, '%'))
        return;
    bug_on(address_parse(&again, shown, error, sizeof error) < 0);
    bug_on(again.len != address.len || again.kind != address.kind);
}

static void visit(const char *key, void *arg)
{
    (void)key;
    (*(int *)arg)++;
}

static void check_pool(const struct pool_settings *pool)
{
    bug_on(pool->pool_start > pool->pool_max || pool->pool_max == 0);
    bug_on(pool->nice < -20 || pool->nice > 19);
    for (size_t i = 0; i < pool->preload.count; i++)
        bug_on(!module_name_valid(pool->preload.items[i], strlen(pool->preload.items[i])));
}

static void check_pools(const struct job_settings *jobs)
{
    const struct pool_settings *pools = jobs->pools.items;
    bug_on(jobs->pools.count > POOLS_MAX);
    check_pool(&jobs->pool);
    for (size_t i = 0; i < jobs->pools.count; i++) {
        bug_on(job_settings_pool(jobs, pools[i].name) != &pools[i]);
        check_pool(&pools[i]);
    }
}

static void check_config(const struct config *config)
{
    check_pools(&settings_of(config)->jobs);
    bug_on(settings_of(config)->clients.peers.payload_total_max <
           settings_of(config)->clients.peers.payload_max);
    bug_on(settings_of(config)->jobs.source_output_max <=
           settings_of(config)->clients.peers.payload_max);
    bug_on(settings_of(config)->clients.peers.listen.count == 0 ||
           !settings_of(config)->workers.listen);
    bug_on(settings_of(config)->workers.path[0] != '/' ||
           settings_of(config)->modules.dir[0] != '/');
    bug_on(settings_of(config)->access.token_file && settings_of(config)->access.tokens.count == 0);
    for (size_t i = 0; i < settings_of(config)->clients.peers.listen.count; i++)
        check_address(settings_of(config)->clients.peers.listen.items[i]);
    const struct module_setting *modules = settings_of(config)->modules.modules.items;
    for (size_t i = 0; i < settings_of(config)->modules.modules.count; i++) {
        bug_on(module_settings_find(&settings_of(config)->modules, modules[i].name) != &modules[i]);
        bug_on(!job_settings_pool(&settings_of(config)->jobs, modules[i].pool));
    }
}

/* The output of -T is a configuration with the same meaning. */
static void check_round_trip(const struct config *config)
{
    char error[ERROR_MAX] = "";
    int changes = 0;
    struct config_args args = {.program = "taskmasterd", .file = file_name};
    json_t *settings = config_to_json(config);
    char *text = json_dumps(settings, JSON_INDENT(2));
    bug_on(!text);
    file.text = text;
    file.len = strlen(text);
    struct config *again = config_reload(config, &args, visit, &changes, NULL, error, sizeof error);
    if (!again)
        fprintf(stderr, "%s\n%s\n", text, error);
    bug_on(!again);
    json_t *settings_again = config_to_json(again);
    bug_on(!json_equal(settings, settings_again));
    config_changes(config, again, visit, &changes);
    bug_on(changes);
    json_decref(settings_again);
    config_free(again);
    free(text);
    json_decref(settings);
}

/* Cuts `text` at a line "--". Returns the text behind it, or NULL. */
static char *cut(char *text)
{
    char *mark = strncmp(text, "--\n", 3) == 0 ? text : strstr(text, "\n--\n");
    if (!mark)
        return NULL;
    char *rest = mark + (mark == text ? 3 : 4);
    *mark = '\0';
    return rest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *overrides[OVERRIDES_MAX];
    char error[ERROR_MAX] = "";
    struct config_args args = {.program = "taskmasterd", .overrides = overrides};
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    char *options = cut(text), *secret = options ? cut(options) : NULL;
    file.text = text;
    file.len = options ? strlen(text) : size; /* the file alone may hold NULs */
    tokens.text = secret ? secret : "";
    tokens.len = secret ? (size_t)(text + size - secret) : 0;
    args.file = file.len ? file_name : NULL;
    for (char *line; options && args.override_count < OVERRIDES_MAX;) {
        if ((line = strsep(&options, "\n")) && *line)
            overrides[args.override_count++] = line;
    }
    struct config *config = config_load(&settings_schema, &args, error, sizeof error);
    if (!config) {
        check_error(error);
    } else {
        check_config(config);
        check_round_trip(config);
    }
    config_free(config);
    free(text);
    return 0;
}
