/* payload: see payload.h. */
#include "base/payload.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

enum {
    PART_MIN = 4 * 1024,
    PART_MAX = 256 * 1024,
    SWEEP_PARTS = 64, /* freed in one turn: about two milliseconds */
};

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* --- the budget --- */

/* An incomplete payload. */
struct payload_arrival {
    struct heap_node node; /* its key: more for fewer bytes held */
    struct payload **slot; /* whoever waits for it */
};

static struct payload_arrival *largest_arrival(const struct payload_budget *budget)
{
    return (struct payload_arrival *)heap_first(&budget->arriving);
}

static uint64_t arrival_held(const struct payload_arrival *arrival)
{
    return arrival ? UINT64_MAX - arrival->node.key : 0;
}

static void set_arrival(struct payload *payload, uint64_t held)
{
    struct payload_budget *budget = payload->budget;
    budget->arriving_held += held - arrival_held(payload->arrival);
    heap_set(&budget->arriving, &payload->arrival->node, UINT64_MAX - held);
}

static void end_arrival(struct payload *payload)
{
    payload->budget->arriving_held -= arrival_held(payload->arrival);
    heap_remove(&payload->budget->arriving, &payload->arrival->node);
    free(payload->arrival);
    payload->arrival = NULL;
    if (!payload->budget->arriving.count)
        heap_free(&payload->budget->arriving);
}

static void give_up(struct payload_arrival *arrival)
{
    struct payload *payload = *arrival->slot;
    bug_on(!payload || payload->arrival != arrival || payload->refs != 1);
    *arrival->slot = NULL;
    payload_unref(payload);
}

static bool fits(const struct payload_budget *budget, uint64_t held, size_t bytes)
{
    return bytes <= budget->max && held <= budget->max - bytes;
}

/* `arrival`: of the payload in want of the bytes, NULL for a new one. It is refused if only smaller
 * ones could be given up for it, and none is given up in vain. */
static bool make_room(struct payload_budget *budget, size_t bytes, struct payload_arrival *arrival)
{
    uint64_t others = budget->arriving_held - arrival_held(arrival);
    if (!fits(budget, budget->held - others, bytes))
        return false;
    while (!fits(budget, budget->held, bytes)) {
        struct payload_arrival *largest = largest_arrival(budget);
        if (arrival_held(largest) <= arrival_held(arrival)) /* its own may be the largest */
            return false;
        give_up(largest);
    }
    return true;
}

static bool charge(struct payload_budget *budget, size_t bytes, bool forced,
                   struct payload_arrival *arrival)
{
    if (!forced && !fits(budget, budget->held, bytes) && !make_room(budget, bytes, arrival))
        return false;
    budget->held += bytes;
    return true;
}

void payload_arrives(struct payload **slot)
{
    struct payload *payload = *slot;
    uint64_t held = 0;
    bug_on(payload->forced || payload->have == payload->size);
    for (const struct payload_part *part = payload->first; part; part = part->next)
        held += part->capacity;
    payload->arrival = xmalloc(sizeof *payload->arrival);
    *payload->arrival = (struct payload_arrival){.node = {.key = UINT64_MAX}, .slot = slot};
    set_arrival(payload, held);
}

/* --- payloads --- */

struct payload *payload_new(struct payload_budget *budget, size_t size, size_t ready, bool forced)
{
    size_t capacity = min_size(size, ready > PART_MIN ? ready : PART_MIN);
    if (!charge(budget, capacity, forced, NULL))
        return NULL;
    struct payload *payload =
        xmalloc(sizeof(struct payload) + sizeof(struct payload_part) + capacity);
    struct payload_part *part = (struct payload_part *)(payload + 1);
    *part = (struct payload_part){.capacity = (uint32_t)capacity};
    *payload = (struct payload){
        .budget = budget, .first = part, .last = part, .size = size, .refs = 1, .forced = forced};
    return payload;
}

struct payload *payload_ref(struct payload *payload)
{
    payload->refs++;
    return payload;
}

void payload_unref(struct payload *payload)
{
    if (!payload || --payload->refs > 0)
        return;
    struct payload_budget *budget = payload->budget;
    struct payload_part *rest = payload->first->next; /* the first lies in the payload itself */
    if (payload->arrival)
        end_arrival(payload);
    budget->held -= payload->first->capacity;
    for (const struct payload_part *part = rest; part; part = part->next)
        budget->held -= part->capacity;
    if (rest) {
        payload->last->next = budget->dropped;
        budget->dropped = rest;
    }
    free(payload);
}

bool payload_sweep(struct payload_budget *budget)
{
    struct payload_part *part;
    for (int n = 0; n < SWEEP_PARTS && (part = budget->dropped); n++) {
        budget->dropped = part->next;
        free(part);
    }
    return !budget->dropped;
}

/* Parts grow with the arrived bytes. So a payload of n bytes has O(log n) small parts and wastes at
 * most half. */
__attribute__((noinline)) /* payload_room() is called for each job, and seldom grows anything */
static struct payload_part *
grow(struct payload *payload)
{
    size_t capacity = min_size(payload->have > PART_MIN ? payload->have : PART_MIN, PART_MAX);
    capacity = min_size(capacity, payload->size - payload->have);
    if (!charge(payload->budget, capacity, payload->forced, payload->arrival))
        return NULL;
    if (payload->arrival)
        set_arrival(payload, arrival_held(payload->arrival) + capacity);
    struct payload_part *part = xmalloc(sizeof(struct payload_part) + capacity);
    *part = (struct payload_part){.capacity = (uint32_t)capacity};
    payload->last->next = part;
    payload->last = part;
    return part;
}

char *payload_room(struct payload *payload, size_t *room)
{
    struct payload_part *part = payload->last;
    if (part->len == part->capacity && payload->have < payload->size && !(part = grow(payload)))
        return NULL;
    *room = part->capacity - part->len;
    return part->data + part->len;
}

void payload_commit(struct payload *payload, size_t len)
{
    bug_on(len > payload->last->capacity - payload->last->len);
    payload->last->len += (uint32_t)len;
    payload->have += len;
    if (payload->arrival && payload->have == payload->size)
        end_arrival(payload);
}

int payload_append(struct payload *payload, const void *data, size_t len)
{
    const char *from = data;
    bug_on(len > payload->size - payload->have);
    while (len) {
        size_t room;
        char *to = payload_room(payload, &room);
        if (!to)
            return -1;
        room = min_size(room, len);
        memcpy(to, from, room);
        payload_commit(payload, room);
        from += room;
        len -= room;
    }
    return 0;
}

void payload_cut(struct payload *payload)
{
    payload->size = payload->have;
    if (payload->arrival)
        end_arrival(payload);
}

struct payload *payload_from(struct payload_budget *budget, const void *data, size_t len)
{
    struct payload *payload = payload_new(budget, len, len, true);
    payload_append(payload, data, len);
    return payload;
}

size_t payload_copy(const struct payload *payload, size_t offset, void *to, size_t len)
{
    size_t copied = 0;
    for (const struct payload_part *part = payload->first; part && copied < len;
         part = part->next) {
        if (offset >= part->len) {
            offset -= part->len;
            continue;
        }
        size_t n = min_size(part->len - offset, len - copied);
        memcpy((char *)to + copied, part->data + offset, n);
        copied += n;
        offset = 0;
    }
    return copied;
}
