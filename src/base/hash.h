/*
 * hash: an intrusive hash table; grows and shrinks one bucket at a time (linear hashing, Litwin
 * 1980).
 *
 * Two designs were weighed. A doubling and rehashing table is simpler, but with a million jobs
 * waiting one unlucky submit pays 50 ms for all the others. Linear hashing splits one bucket for
 * each insert past the load factor of one, so every operation costs the same. The allocator moves
 * the bucket array with mremap. Callers hash with siphash() where a client chooses the key.
 */
#ifndef TASKMASTER_BASE_HASH_H
#define TASKMASTER_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_node {
    struct hash_node *next;
    uint64_t hash;
};

struct hash {
    struct hash_node **buckets;
    size_t count; /* nodes */
    size_t base;  /* buckets at the start of this round of splits; a power of two */
    size_t split; /* how many of them have been split */
};

void hash_init(struct hash *hash);
void hash_free(struct hash *hash); /* the nodes stay their owners' */

void hash_insert(struct hash *hash, struct hash_node *node, uint64_t value);

/* The node must be in the table. */
void hash_remove(struct hash *hash, struct hash_node *node);

/* The first node with a hash value, and the next one of the same value. The caller compares the
 * keys. */
struct hash_node *hash_first(const struct hash *hash, uint64_t value);
struct hash_node *hash_next(const struct hash_node *node);

/* Calls `visit` with each node, in no order. `visit` may free the node, but change nothing else of
 * the table. */
void hash_each(const struct hash *hash, void (*visit)(struct hash_node *node, void *arg),
               void *arg);

/* SipHash-1-3 (Aumasson, Bernstein 2012) under a key drawn once per process. So no client can
 * choose colliding ids. */
uint64_t siphash(const void *data, size_t len, uint64_t seed);

#endif
