/*
 * heap: a binary heap of objects in the order of a number, the least first.
 *
 * The heap is intrusive: a node lies in its object and knows its place, so moving or removing a
 * node is O(log n). Adding one allocates nothing but the heap's array. The owner removes a node
 * before the object goes.
 */
#ifndef TASKMASTER_BASE_HEAP_H
#define TASKMASTER_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
    uint64_t key;
    size_t slot; /* place in the heap plus one; 0 when in none */
};

struct heap {
    struct heap_node **nodes;
    size_t count, capacity;
};

/* Frees the array. A heap of zeros is empty. */
void heap_free(struct heap *heap);

/* Adds the node, or moves it to where `key` belongs. */
void heap_set(struct heap *heap, struct heap_node *node, uint64_t key);

/* Removing a node outside any heap does nothing. */
void heap_remove(struct heap *heap, struct heap_node *node);

/* A node with the least key; NULL if the heap is empty. */
static inline struct heap_node *heap_first(const struct heap *heap)
{
    return heap->count ? heap->nodes[0] : NULL;
}

static inline bool heap_holds(const struct heap_node *node)
{
    return node->slot != 0;
}

#endif
