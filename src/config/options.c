/*
 * options: the table. One row says everything about a setting; the code that reads rows is in
 * option_value.c (values) and option_print.c (help and manual), and none of it knows a key by name.
 */
#include "config/options.h"

#include "common/limits.h"

#include <string.h>

#define CONFIG(field) offsetof(struct config, field)
#define MODULE(field) offsetof(struct module_setting, field)

#define DAY_MS    86400000
#define MONTH_MS  2592000000    /* 30 days: jobs may be long, and it still fits into 32 bits */
#define BYTES_MAX 1099511627776 /* 1 TiB: a slip of the hand, rather than a machine */

enum { TEXT_MAX = 4095 }; /* of a path: PATH_MAX without its NUL */

static const char *const log_level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error", NULL};
static const char *const log_format_names[] = {[LOG_TEXT] = "text", [LOG_JSON] = "json", NULL};

/* clang-format off */
const struct option_spec option_table[] = {
    {.key = "listen", .type = OPTION_STRING_LIST, .offset = CONFIG(clients.listen),
     .min = 1, .max = 16, .default_text = "[\"127.0.0.1:7741\"]", .unit = "",
     .help = "where clients connect: HOST:PORT, [IPV6]:PORT or unix:PATH; port 0 means any "
             "free port; loopback by default, because every client runs jobs with our rights"},
    {.key = "socket-mode", .type = OPTION_MODE, .offset = CONFIG(clients.socket_mode),
     .min = 0, .max = 0777, .default_text = "\"0660\"", .unit = "",
     .help = "the permissions of unix sockets; permission to write is permission to connect, "
             "and so to run jobs with our rights: by default for user and group"},
    {.key = "worker-listen", .type = OPTION_STRING, .offset = CONFIG(workers.listen),
     .min = 1, .max = TEXT_MAX, .default_text = "\"127.0.0.1:0\"", .unit = "",
     .help = "where our own workers connect back: HOST:PORT; by default a free port of the "
             "kernel's choice, as nobody else needs to know it"},
    {.key = "worker-path", .type = OPTION_STRING, .offset = CONFIG(workers.path), .reload = true,
     .min = 1, .max = TEXT_MAX, .default_text = "null", .unit = "",
     .help = "the worker's binary; if unset, taskmaster-worker beside taskmasterd when it and "
             "modules/ are there, otherwise libexec/taskmaster/taskmaster-worker in the "
             "directory above"},
    {.key = "pool-start", .type = OPTION_UINT32, .offset = CONFIG(jobs.pool_start), .reload = true,
     .min = 0, .max = 10000, .default_text = "2", .unit = "",
     .help = "workers kept running from the start on; if unset and over pool-max, pool-max"},
    {.key = "pool-max", .type = OPTION_UINT32, .offset = CONFIG(jobs.pool_max), .reload = true,
     .min = 1, .max = 10000, .default_text = "4", .unit = "",
     .help = "most workers at a time, starting and stopping ones included; further jobs wait"},
    {.key = "job-max", .type = OPTION_UINT32, .offset = CONFIG(jobs.job_max), .reload = true,
     .min = 0, .max = 10000000, .default_text = "100", .unit = "",
     .help = "most jobs waiting for a worker; further ones are answered with overload"},
    {.key = "worker-window", .type = OPTION_UINT32, .offset = CONFIG(jobs.worker_window), .reload = true,
     .min = 1, .max = 32, .default_text = "16", .unit = "",
     .help = "most jobs assigned to one worker while a line waits, its running one included; "
             "the others are prefetched: they share system calls, and are reclaimed when "
             "another worker is free; 1 turns prefetching off, and with it the packing of "
             "jobs of microseconds onto as few workers as keep the processors busy"},
    {.key = "module-dir", .type = OPTION_STRING, .offset = CONFIG(modules.dir), .reload = true,
     .min = 1, .max = TEXT_MAX, .default_text = "null", .unit = "",
     .help = "where the modules are, NAME.so each; if unset, modules beside taskmasterd when "
             "it and taskmaster-worker are there, otherwise lib/taskmaster/modules in the "
             "directory above"},
    {.key = "preload", .type = OPTION_STRING_LIST, .offset = CONFIG(modules.preload), .reload = true,
     .min = 0, .max = 1000, .default_text = "[]", .unit = "",
     .help = "modules loaded by each worker at its start; none by default, because a module "
             "loads when it is first asked for"},
    {.key = "modules", .type = OPTION_MODULES, .offset = CONFIG(modules.modules), .reload = true,
     .default_text = "{}", .unit = "",
     .help = "settings by module name; a module without an entry has the defaults"},
    {.key = "hello-timeout-ms", .type = OPTION_UINT32, .offset = CONFIG(clients.hello_timeout_ms),
     .reload = true, .min = 1, .max = DAY_MS, .default_text = "10000", .unit = "ms",
     .help = "how long a client may take for its hello; enough for one lost packet's "
             "retransmissions, too short for silent connections to pile up"},
    {.key = "header-timeout-ms", .type = OPTION_UINT32, .offset = CONFIG(clients.header_timeout_ms),
     .reload = true, .min = 1, .max = DAY_MS, .default_text = "10000", .unit = "ms",
     .help = "how long a header may take from its first byte on; as for the hello, because a "
             "header is one packet or a few"},
    {.key = "payload-timeout-ms", .type = OPTION_UINT32, .offset = CONFIG(clients.payload_timeout_ms),
     .reload = true, .min = 1, .max = DAY_MS, .default_text = "60000", .unit = "ms",
     .help = "how long a payload may take from its header's end on; 16 MiB in a minute are 2.2 "
             "Mbit/s"},
    {.key = "output-timeout-ms", .type = OPTION_UINT32, .offset = CONFIG(clients.output_timeout_ms),
     .reload = true, .min = 1, .max = DAY_MS, .default_text = "60000", .unit = "ms",
     .help = "how long a client may take no byte of its waiting output before it counts as "
             "gone; longer than a pause in a program, shorter than TCP's own quarter of an "
             "hour"},
    {.key = "linger-ms", .type = OPTION_UINT32, .offset = CONFIG(clients.linger_ms), .reload = true,
     .min = 0, .max = DAY_MS, .default_text = "1000", .unit = "ms",
     .help = "how long input is discarded after the last words to a client, to save them from "
             "a reset; several round trips anywhere on earth"},
    {.key = "start-timeout-ms", .type = OPTION_UINT32, .offset = CONFIG(jobs.start_timeout_ms),
     .reload = true, .min = 1, .max = DAY_MS, .default_text = "10000", .unit = "ms",
     .help = "how long a worker may take to be ready, preload included, and how long jobs wait "
             "while none can be started; a start takes milliseconds, on a busy machine a "
             "second"},
    {.key = "drain-timeout-ms", .type = OPTION_UINT32, .offset = CONFIG(shutdown.drain_timeout_ms),
     .reload = true, .min = 1, .max = DAY_MS, .default_text = "30000", .unit = "ms",
     .help = "how long a shutdown waits for running jobs before it stops them; stopping takes "
             "kill-grace-ms more, telling clients two seconds; together less than half of the "
             "90 s after which systemd kills (TimeoutStopSec)"},
    {.key = "job-timeout-ms", .type = OPTION_UINT32, .offset = CONFIG(jobs.job_timeout_ms),
     .reload = true, .min = 0, .max = MONTH_MS, .default_text = "0", .unit = "ms",
     .help = "how long any job may run, 0 for no limit; none by default, because only a "
             "module's user knows how long its jobs take"},
    {.key = "kill-grace-ms", .type = OPTION_UINT32, .offset = CONFIG(jobs.kill_grace_ms),
     .reload = true, .min = 0, .max = DAY_MS, .default_text = "5000", .unit = "ms",
     .help = "from the stop flag to SIGKILL when a job is stopped, with SIGTERM halfway; time "
             "to clean up, less than a person waits"},
    {.key = "payload-max", .type = OPTION_UINT64, .offset = CONFIG(clients.payload_max), .reload = true,
     .min = 1024, .max = PAYLOAD_SIZE_MAX, .default_text = "16777216", .unit = "bytes",
     .help = "the largest payload and the largest result; 16 MiB hold a photograph or a long "
             "document; a larger file is better named than sent"},
    {.key = "payload-total-max", .type = OPTION_UINT64, .offset = CONFIG(clients.payload_total_max),
     .reload = true, .min = 1024, .max = BYTES_MAX, .default_text = "268435456", .unit = "bytes",
     .help = "most memory for the payloads of all waiting and running jobs together, at least "
             "payload-max; over it, submits with a payload are answered with overload; room "
             "for 16 of the largest, modest on any server"},
    {.key = "output-total-max", .type = OPTION_UINT64, .offset = CONFIG(clients.output_total_max),
     .reload = true, .min = 1024, .max = BYTES_MAX, .default_text = "536870912", .unit = "bytes",
     .help = "most memory for results and answers until clients have read them, at least "
             "payload-max; over it, a client holding over 1 MiB is closed: the one without a "
             "read for the longest; room for the unread output of eight clients"},
    {.key = "client-output-max", .type = OPTION_UINT64, .offset = CONFIG(jobs.source_output_max),
     .reload = true, .min = 1025, .max = BYTES_MAX, .default_text = "67108864", .unit = "bytes",
     .help = "most output waiting for one client, more than payload-max; while a quarter of "
             "it waits, or all of it waits or is expected of running jobs, no further job of "
             "the client begins, and other clients' jobs pass; so it can hold a quarter, and "
             "the results of begun jobs; room for four of the largest results"},
    {.key = "client-max", .type = OPTION_UINT32, .offset = CONFIG(clients.client_max), .reload = true,
     .min = 1, .max = 1000000, .default_text = "10000", .unit = "",
     .help = "most clients connected at a time, counted from the answer to their hello; 100 "
             "unauthenticated connections come on top; less than 2 KiB each while idle, so 20 "
             "MiB in all"},
    {.key = "client-job-max", .type = OPTION_UINT32, .offset = CONFIG(jobs.client_job_max),
     .reload = true, .min = 0, .max = 10000000, .default_text = "0", .unit = "",
     .help = "most jobs of one client, waiting and running, 0 for no limit of its own; none "
             "by default, because job-max bounds all and a client is often the only one"},
    {.key = "token-file", .type = OPTION_STRING, .offset = CONFIG(access.token_file), .reload = true,
     .min = 1, .max = TEXT_MAX, .default_text = "null", .unit = "",
     .help = "a file of tokens, one a line; a client must name one of them; empty lines and "
             "those beginning with # do not count; if unset, none is asked for, and only "
             "loopback addresses and unix sockets are permitted"},
    {.key = "allow-open-listen", .type = OPTION_BOOL, .offset = CONFIG(access.allow_open_listen),
     .reload = true, .default_text = "false", .unit = "",
     .help = "permit addresses other than loopback without a token-file; for containers, where "
             "something else keeps strangers away"},
    {.key = "user", .type = OPTION_STRING, .offset = CONFIG(identity.user),
     .min = 1, .max = 255, .default_text = "null", .unit = "",
     .help = "the user to become when started as root; a reload reads its files as this user; "
             "if unset, jobs run as the user who started us"},
    {.key = "group", .type = OPTION_STRING, .offset = CONFIG(identity.group),
     .min = 1, .max = 255, .default_text = "null", .unit = "",
     .help = "the group to become when started as root; if unset, the user's own"},
    {.key = "log-level", .type = OPTION_ENUM, .offset = CONFIG(log.level), .reload = true,
     .names = log_level_names, .default_text = "\"info\"", .unit = "",
     .help = "the least level to be logged; info is a few lines a worker and none a job"},
    {.key = "log-format", .type = OPTION_ENUM, .offset = CONFIG(log.format), .reload = true,
     .names = log_format_names, .default_text = "\"text\"", .unit = "",
     .help = "the form of a log line; text is readable without a tool"},
};

const struct option_spec option_module_table[] = {
    {.key = "enabled", .type = OPTION_BOOL, .offset = MODULE(enabled), .reload = true,
     .default_text = "true", .unit = "",
     .help = "whether the module may be used; a disabled one is as good as not there"},
    {.key = "timeout-ms", .type = OPTION_UINT32, .offset = MODULE(timeout_ms), .reload = true,
     .min = 0, .max = MONTH_MS, .default_text = "0", .unit = "ms",
     .help = "how long a job of this module may run, 0 for no limit of its own; the least of "
             "the job's, the module's and job-timeout-ms holds"},
    {.key = "config", .type = OPTION_OBJECT, .offset = MODULE(config), .reload = true,
     .default_text = "{}", .unit = "",
     .help = "the module's own settings, handed to it as they are"},
};
/* clang-format on */

const size_t option_count = sizeof option_table / sizeof option_table[0];
const size_t option_module_count = sizeof option_module_table / sizeof option_module_table[0];

static const struct option_spec *find(const struct option_spec *table, size_t count,
                                      const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].key, key) == 0)
            return &table[i];
    return NULL;
}

const struct option_spec *option_find(const char *key)
{
    return find(option_table, option_count, key);
}

const struct option_spec *option_module_find(const char *key)
{
    return find(option_module_table, option_module_count, key);
}

enum { KEY_MAX = 32 }; /* a longer text is no slip of any key */

/* Levenshtein's distance of two texts of at most KEY_MAX bytes: the least number of bytes to
 * insert, remove or replace. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[KEY_MAX + 1];
    size_t b_len = strlen(b);
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b_len; j++) {
            size_t best = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (diagonal + 1 < best)
                best = diagonal + 1;
            row[j + 1] = best;
        }
    }
    return row[b_len];
}

/* The one key that begins with `key` and a hyphen: timeout for timeout-ms. NULL if there is none or
 * more than one. */
static const char *completed(const struct option_spec *table, size_t count, const char *key,
                             size_t len)
{
    const char *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(table[i].key, key, len) != 0 || table[i].key[len] != '-')
            continue;
        if (found)
            return NULL;
        found = table[i].key;
    }
    return found;
}

const char *option_nearest(const struct option_spec *table, size_t count, const char *key)
{
    const struct option_spec *nearest = NULL;
    size_t len = strnlen(key, KEY_MAX + 1);
    if (len > KEY_MAX)
        return NULL;
    size_t best = len / 3 + 1; /* a third of it wrong, and it was meant to be something else */
    for (size_t i = 0; i < count; i++) {
        size_t distance = edit_distance(key, table[i].key);
        if (distance < best) {
            best = distance;
            nearest = &table[i];
        }
    }
    if (nearest)
        return nearest->key;
    return len ? completed(table, count, key, len) : NULL;
}
