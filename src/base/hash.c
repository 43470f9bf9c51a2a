/* hash: see hash.h. */
#include "base/hash.h"

#include "base/sip.h"
#include "common/log.h"
#include "common/xmalloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

enum {
    BUCKETS_MIN = 16,
    MERGES_MAX = 4, /* by one removal: with fewer, an emptying table would keep its array */
};

void hash_init(struct hash *hash)
{
    *hash = (struct hash){.base = BUCKETS_MIN};
    hash->buckets = xcalloc((size_t)2 * BUCKETS_MIN, sizeof(struct hash_node *));
}

void hash_free(struct hash *hash)
{
    free(hash->buckets);
    hash->buckets = NULL;
}

static struct hash_node **bucket_of(const struct hash *hash, uint64_t value)
{
    size_t index = value & (hash->base - 1);
    if (index < hash->split)
        index = value & (2 * hash->base - 1);
    return &hash->buckets[index];
}

/* The array always has room for 2 * base buckets; those past base + split are not initialised. */
static void resize(struct hash *hash, size_t base)
{
    hash->base = base;
    hash->buckets = xrealloc(hash->buckets, 2 * base * sizeof(struct hash_node *));
}

static void split_one(struct hash *hash)
{
    struct hash_node *node = hash->buckets[hash->split];
    struct hash_node **low = &hash->buckets[hash->split];
    struct hash_node **high = &hash->buckets[hash->split + hash->base];
    for (; node; node = node->next) {
        struct hash_node ***end = node->hash & hash->base ? &high : &low;
        **end = node;
        *end = &node->next;
    }
    *low = *high = NULL;
    if (++hash->split == hash->base) {
        hash->split = 0;
        resize(hash, 2 * hash->base);
    }
}

static void merge_one(struct hash *hash)
{
    if (hash->split == 0) {
        resize(hash, hash->base / 2);
        hash->split = hash->base;
    }
    hash->split--;
    struct hash_node **end = &hash->buckets[hash->split];
    while (*end)
        end = &(*end)->next;
    *end = hash->buckets[hash->split + hash->base];
}

void hash_insert(struct hash *hash, struct hash_node *node, uint64_t value)
{
    struct hash_node **bucket = bucket_of(hash, value);
    node->hash = value;
    node->next = *bucket;
    *bucket = node;
    if (++hash->count > hash->base + hash->split)
        split_one(hash);
}

static bool is_sparse(const struct hash *hash)
{
    size_t buckets = hash->base + hash->split;
    return buckets > BUCKETS_MIN && hash->count < buckets / 4;
}

void hash_remove(struct hash *hash, struct hash_node *node)
{
    struct hash_node **at = bucket_of(hash, node->hash);
    while (*at && *at != node)
        at = &(*at)->next;
    bug_on(!*at);
    *at = node->next;
    hash->count--;
    for (int i = 0; i < MERGES_MAX && is_sparse(hash); i++)
        merge_one(hash);
}

static struct hash_node *matching(struct hash_node *node, uint64_t value)
{
    while (node && node->hash != value)
        node = node->next;
    return node;
}

struct hash_node *hash_first(const struct hash *hash, uint64_t value)
{
    return matching(*bucket_of(hash, value), value);
}

struct hash_node *hash_next(const struct hash_node *node)
{
    return matching(node->next, node->hash);
}

void hash_each(const struct hash *hash, void (*visit)(struct hash_node *node, void *arg), void *arg)
{
    for (size_t i = 0; i < hash->base + hash->split; i++) {
        struct hash_node *node = hash->buckets[i];
        while (node) {
            struct hash_node *next = node->next;
            visit(node, arg);
            node = next;
        }
    }
}

/* --- SipHash --- */

static const uint64_t *sip_key(void)
{
    static uint64_t key[2];
    static int drawn;
    if (!drawn) {
        if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
            fatal(EX_OSERR, "cannot draw random bytes");
        drawn = 1;
    }
    return key;
}

uint64_t siphash(const void *data, size_t len, uint64_t seed)
{
    const uint64_t *key = sip_key();
    const unsigned char *at = data;
    uint64_t v[4], word, last = (uint64_t)(len + 8) << 56;
    sip_begin(v, key);
    sip_word(v, seed);
    for (; len >= 8; at += 8, len -= 8) {
        memcpy(&word, at, 8);
        sip_word(v, word);
    }
    for (size_t i = 0; i < len; i++)
        last |= (uint64_t)at[i] << (8 * i);
    sip_word(v, last);
    return sip_end(v);
}
