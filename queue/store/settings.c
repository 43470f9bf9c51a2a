/* settings: see settings.h. */
#include "queue/store/settings.h"

#include <assert.h>

#define AT(member) offsetof(struct store_settings, member)

static const char *const engine_names[] = {
    [STORE_ENGINE_SQLITE] = "sqlite", [STORE_ENGINE_REDIS] = "redis", NULL};
static_assert(sizeof(enum store_engine) == sizeof(unsigned), "OPTION_ENUM");

static const char *const sync_names[] = {
    [STORE_SYNC_FULL] = "full", [STORE_SYNC_NORMAL] = "normal", [STORE_SYNC_OFF] = "off", NULL};
static_assert(sizeof(enum store_sync) == sizeof(unsigned), "OPTION_ENUM");

/* clang-format off */
static const struct option rows[] = {
    {.key = "engine", .kind = OPTION_ENUM, .offset = AT(engine), .names = engine_names,
     .default_text = "\"sqlite\"",
     .help = "sqlite: kept jobs are on this machine's disk; redis: they are in a Redis, and all "
             "machines whose taskqueued names it work on them; sqlite by default, which needs "
             "nothing else"},
    {.key = "store-path", .kind = OPTION_STRING, .offset = AT(path), .min = 1, .max = OPTION_PATH_MAX,
     .default_text = "\"/var/lib/taskqueued\"",
     .help = "the directory of the kept jobs, made with permissions 0700 if there is none; on a "
             "local disk, because a network file system or tmpfs may lose what it has confirmed"},
    {.key = "store-sync", .kind = OPTION_ENUM, .offset = AT(sync), .names = sync_names,
     .default_text = "\"full\"",
     .help = "full: an answer comes after its bytes are on disk; normal: a power cut may take the "
             "last ones; off: for tests and caches; full by default, as nothing accepted is lost"},
    {.key = "store-max", .kind = OPTION_UINT64, .offset = AT(max), .reload = true,
     .min = 16777216, .max = OPTION_BYTES_MAX, .default_text = "1073741824", .unit = "bytes",
     .help = "the store's size; over 90 % of it, or of the disk, submits are refused as overload "
             "(storage); the rest is room for results"},
};
/* clang-format on */

const struct option_table store_options = OPTION_TABLE(rows);
