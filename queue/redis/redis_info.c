/* redis_info: see redis_info.h. */
#include "queue/redis/redis_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION_LEAST = 7 }; /* flags of scripts, and INFO of several sections */

/* --- reading --- */

/* The value of the line "KEY:VALUE"; empty if there is none. */
static void find(const char *text, size_t len, const char *key, char *value, size_t size)
{
    const char *end = text + len;
    size_t key_len = strlen(key);
    *value = '\0';
    while (text < end) {
        const char *lf = memchr(text, '\n', (size_t)(end - text));
        size_t line = (size_t)((lf ? lf : end) - text);
        if (line > key_len && memcmp(text, key, key_len) == 0 && text[key_len] == ':') {
            const char *from = text + key_len + 1;
            size_t n = line - key_len - 1;
            n -= n && from[n - 1] == '\r';
            snprintf(value, size, "%.*s", (int)n, from);
            return;
        }
        text += line + 1;
    }
}

static bool is_on(const char *text, size_t len, const char *key)
{
    char value[8];
    find(text, len, key, value, sizeof value);
    return strcmp(value, "1") == 0;
}

void redis_info_read(struct redis_info *info, const char *text, size_t len)
{
    find(text, len, "redis_version", info->version, sizeof info->version);
    find(text, len, "role", info->role, sizeof info->role);
    find(text, len, "maxmemory_policy", info->policy, sizeof info->policy);
    info->is_loading = is_on(text, len, "loading");
    info->is_cluster = is_on(text, len, "cluster_enabled");
    info->is_durable = is_on(text, len, "aof_enabled");
}

/* --- judging --- */

static bool refuse(struct redis_fault *fault, const char *expected, const char *hint)
{
    fault->expected = expected;
    fault->hint = hint;
    return false;
}

static bool is_redis(const struct redis_info *info, struct redis_fault *fault)
{
    snprintf(fault->found, sizeof fault->found, "version %s%s",
             *info->version ? info->version : "unknown",
             info->is_cluster ? ", a node of Redis Cluster" : "");
    if (strtol(info->version, NULL, 10) < VERSION_LEAST)
        return refuse(fault, "Redis 7.0 or newer", NULL);
    if (info->is_cluster)
        return refuse(fault, "one primary, with replicas or without",
                      "Redis Cluster spreads keys over servers; a queue needs all of its keys on "
                      "one");
    return true;
}

/* Neither is a fault of the server's: time helps, or another server. */
static bool is_ready(const struct redis_info *info, struct redis_fault *fault)
{
    if (info->is_loading) {
        snprintf(fault->found, sizeof fault->found, "it loads its data");
        return refuse(fault, NULL, NULL);
    }
    if (strcmp(info->role, "master") != 0) {
        snprintf(fault->found, sizeof fault->found, "a replica");
        return refuse(fault, "the primary",
                      "name the primary in redis-servers, or promote this one by REPLICAOF NO "
                      "ONE if the primary is gone");
    }
    return true;
}

static bool keeps_jobs(const struct redis_info *info, struct redis_fault *fault)
{
    if (!info->is_durable) {
        snprintf(fault->found, sizeof fault->found, "appendonly no");
        return refuse(fault, "appendonly yes",
                      "redis-cli CONFIG SET appendonly yes, then CONFIG REWRITE (a restart with a "
                      "changed redis.conf would forget the data); or redis-unsafe true, if jobs "
                      "may be lost");
    }
    if (strcmp(info->policy, "noeviction") != 0) {
        snprintf(fault->found, sizeof fault->found, "maxmemory-policy %s", info->policy);
        return refuse(fault, "maxmemory-policy noeviction",
                      "redis-cli CONFIG SET maxmemory-policy noeviction, then CONFIG REWRITE; or "
                      "redis-unsafe true, if jobs may be lost");
    }
    return true;
}

bool redis_info_is_fit(const struct redis_info *info, bool is_unsafe, struct redis_fault *fault)
{
    return is_redis(info, fault) && is_ready(info, fault) && (is_unsafe || keeps_jobs(info, fault));
}

bool redis_info_may_lose(const struct redis_info *info)
{
    struct redis_fault fault = {.hint = NULL};
    return !keeps_jobs(info, &fault);
}
