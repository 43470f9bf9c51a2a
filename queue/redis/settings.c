/* settings: see settings.h. */
#include "queue/redis/settings.h"

static bool passwords_differ(const void *before, const void *after)
{
    const struct redis_settings *old = before, *new = after;
    return !token_set_equal(&old->passwords, &new->passwords, false);
}

#define AT(member) offsetof(struct redis_settings, member)

/* clang-format off */
static const struct option rows[] = {
    {.key = "redis-servers", .kind = OPTION_STRING_LIST, .offset = AT(servers), .min = 1, .max = 16,
     .default_text = "[\"127.0.0.1:6379\"]",
     .help = "where the Redis of engine redis is: HOST:PORT, [IPV6]:PORT or unix:PATH; of several, "
             "which are one primary and its replicas, the primary is used; by default Redis's own "
             "port on this machine"},
    {.key = "redis-prefix", .kind = OPTION_STRING, .offset = AT(prefix), .min = 1, .max = 64,
     .default_text = "\"taskqueued:\"",
     .help = "begins the names of all keys and channels; the nodes of one queue have the same one, "
             "and two queues on one Redis different ones"},
    {.key = "redis-database", .kind = OPTION_UINT32, .offset = AT(database), .min = 0, .max = 65535,
     .default_text = "0",
     .help = "the number of the database in Redis; 0 by default, which every Redis has"},
    {.key = "redis-user", .kind = OPTION_STRING, .offset = AT(user), .min = 1, .max = 128,
     .default_text = "null",
     .help = "the user of Redis's access lists; if unset, its default user"},
    {.key = "redis-password-file", .kind = OPTION_STRING, .offset = AT(password_file), .reload = true,
     .differs = passwords_differ, .min = 1, .max = OPTION_PATH_MAX, .default_text = "null",
     .help = "a file with the password for Redis, in its first line; if unset, none is told"},
    {.key = "redis-timeout-ms", .kind = OPTION_UINT32, .offset = AT(timeout_ms), .min = 100,
     .max = 60000, .default_text = "3000", .unit = "ms",
     .help = "a Redis that does not answer for so long is taken for lost, and a submit that it did "
             "not confirm ends as unconfirmed; a third of lease-ms by default, so that one lost "
             "connection costs no lease"},
    {.key = "redis-wait", .kind = OPTION_UINT32, .offset = AT(replicas), .min = 0, .max = 16,
     .default_text = "0",
     .help = "a submit is accepted, and an outcome told, once so many replicas have it (WAIT); by "
             "default none is waited for: then a replica that is promoted may lack the last writes"},
    {.key = "redis-unsafe", .kind = OPTION_BOOL, .offset = AT(is_unsafe), .default_text = "false",
     .help = "also works with a Redis that may lose what it confirmed: appendonly no, or a "
             "maxmemory-policy that evicts; false by default, as nothing accepted is lost"},
    {.key = "lease-ms", .kind = OPTION_UINT32, .offset = AT(lease_ms), .min = 1000, .max = 600000,
     .default_text = "10000", .unit = "ms",
     .help = "the jobs of a node that was not heard of for so long are taken over by others; "
             "shorter, and a slow moment of Redis stops runs; longer, and jobs of a dead node wait"},
    {.key = "node-name", .kind = OPTION_STRING, .offset = AT(node_name), .min = 1, .max = 64,
     .default_text = "null",
     .help = "this node's name in `taskmaster nodes` and in the log of others; if unset, the host's "
             "name and the process id"},
};
/* clang-format on */

const struct option_table redis_options = OPTION_TABLE(rows);
