/* kept_owner: how many jobs of each owner have not ended. An owner without jobs takes no memory. */
#include "queue/kept/kept_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

struct owner {
    struct hash_node by_name;
    uint64_t jobs;
    char name[];
};

static struct owner *owner_of(struct hash_node *node)
{
    return (struct owner *)((char *)node - offsetof(struct owner, by_name));
}

static uint64_t hash_of(const char *name)
{
    return siphash(name, strlen(name), 0);
}

static struct owner *find(const struct keep *keep, const char *name)
{
    struct hash_node *node = hash_first(&keep->owners, hash_of(name));
    while (node && strcmp(owner_of(node)->name, name) != 0)
        node = hash_next(node);
    return node ? owner_of(node) : NULL;
}

static struct owner *make(struct keep *keep, const char *name)
{
    size_t len = strlen(name) + 1;
    struct owner *owner = xcalloc(1, sizeof *owner + len);
    memcpy(owner->name, name, len);
    hash_insert(&keep->owners, &owner->by_name, hash_of(name));
    return owner;
}

uint64_t kept_owner_jobs(const struct keep *keep, const char *name)
{
    const struct owner *owner = find(keep, name);
    return owner ? owner->jobs : 0;
}

void kept_owner_add(struct keep *keep, const char *name, int64_t jobs)
{
    struct owner *owner = find(keep, name);
    if (!owner)
        owner = make(keep, name);
    bug_on(jobs < 0 && owner->jobs < (uint64_t)-jobs);
    owner->jobs += (uint64_t)jobs;
    if (owner->jobs)
        return;
    hash_remove(&keep->owners, &owner->by_name);
    free(owner);
}

static void free_one(struct hash_node *node, void *arg)
{
    (void)arg;
    free(owner_of(node));
}

void kept_owner_free_all(struct keep *keep)
{
    hash_each(&keep->owners, free_one, NULL);
    hash_free(&keep->owners);
}
