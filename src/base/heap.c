/* heap: see heap.h. */
#include "base/heap.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <stdlib.h>

enum { CAPACITY_MIN = 64 };

void heap_free(struct heap *heap)
{
    free(heap->nodes);
    *heap = (struct heap){.count = 0};
}

static void place(struct heap *heap, size_t slot, struct heap_node *node)
{
    heap->nodes[slot - 1] = node;
    node->slot = slot;
}

static void sift_up(struct heap *heap, struct heap_node *node, size_t slot)
{
    while (slot > 1 && heap->nodes[slot / 2 - 1]->key > node->key) {
        place(heap, slot, heap->nodes[slot / 2 - 1]);
        slot /= 2;
    }
    place(heap, slot, node);
}

static void sift_down(struct heap *heap, struct heap_node *node, size_t slot)
{
    for (;;) {
        size_t child = slot * 2;
        if (child > heap->count)
            break;
        if (child < heap->count && heap->nodes[child]->key < heap->nodes[child - 1]->key)
            child++;
        if (heap->nodes[child - 1]->key >= node->key)
            break;
        place(heap, slot, heap->nodes[child - 1]);
        slot = child;
    }
    place(heap, slot, node);
}

static void settle(struct heap *heap, struct heap_node *node, size_t slot)
{
    if (slot > 1 && heap->nodes[slot / 2 - 1]->key > node->key)
        sift_up(heap, node, slot);
    else
        sift_down(heap, node, slot);
}

void heap_set(struct heap *heap, struct heap_node *node, uint64_t key)
{
    node->key = key;
    if (node->slot) {
        settle(heap, node, node->slot);
        return;
    }
    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity ? heap->capacity * 2 : CAPACITY_MIN;
        heap->nodes = xrealloc(heap->nodes, heap->capacity * sizeof(struct heap_node *));
    }
    heap->count++;
    sift_up(heap, node, heap->count);
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
    size_t slot = node->slot;
    if (!slot)
        return;
    bug_on(slot > heap->count || heap->nodes[slot - 1] != node);
    node->slot = 0;
    struct heap_node *last = heap->nodes[heap->count - 1];
    heap->count--;
    if (last != node)
        settle(heap, last, slot);
}
