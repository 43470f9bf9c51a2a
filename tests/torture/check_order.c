/*
 * check_order: the jobs of a pool are assigned in the order of their submits, as read by the
 * daemon. The numbers of assignment are one count over all pools.
 *
 * This order is known within a connection. Between two connections it is known if an event about
 * one job came before the other submit was sent. A client that does not read is held: other jobs
 * pass its jobs until it reads again. For such a client, the checker judges only the order within
 * the connection; and its jobs must pass no others.
 */
#include "checker.h"

#include "die.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* One assigned job. */
struct place {
    uint64_t order, first_us, submit_us, number;
    uint32_t uid, epoch;
    uint8_t pool;
};

static int by_order(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->epoch != y->epoch)
        return x->epoch < y->epoch ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static int by_number(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->epoch != y->epoch)
        return x->epoch < y->epoch ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static size_t collect(const struct check *check, struct place *places, bool assigned)
{
    size_t count = 0;
    for (uint32_t uid = 0; uid < check->history->job_count; uid++) {
        const struct known_job *job = &check->jobs[uid];
        if (assigned ? job->order : job->number)
            places[count++] = (struct place){.order = job->order,
                                             .first_us = job->first_us,
                                             .submit_us = job->submit_us,
                                             .number = job->number,
                                             .uid = uid,
                                             .pool = job->pool,
                                             .epoch = check->history->jobs[uid].epoch};
    }
    return count;
}

static void tell(const struct check *check, const struct place *place, const char *what,
                 uint32_t other)
{
    char text[160];
    snprintf(text, sizeof text,
             "%s job %" PRIu32 ", which has order %" PRIu64 "; this one %" PRIu64, what, other,
             check->jobs[other].order, place->order);
    check_tell_job(check, FINDING_ORDER, place->uid, text);
}

static void check_count(const struct check *check, const struct place *places, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (places[i].epoch == places[i - 1].epoch && places[i].order == places[i - 1].order)
            tell(check, &places[i], "the same order as", places[i - 1].uid);
}

/* Goes through the assignments and keeps, for each pool, the job with the latest submit so far. A
 * job comes too late if an event about it came before that submit was sent. */
static void check_between(const struct check *check, const struct place *places, size_t count)
{
    const struct place *last[PLAN_POOLS] = {NULL};
    for (const struct place *place = places; place < places + count; place++) {
        if (place->pool == NO_POOL)
            continue;
        const struct place **latest = &last[place->pool];
        if (!*latest || (*latest)->epoch != place->epoch) {
            *latest = place;
            continue;
        }
        if (place->first_us < (*latest)->submit_us &&
            !check->history->jobs[place->uid].may_be_passed)
            tell(check, place, "known before, and assigned after", (*latest)->uid);
        if (place->submit_us > (*latest)->submit_us)
            *latest = place;
    }
}

/* The uids of a connection's jobs follow the order of their submits. */
static void check_within(const struct check *check, const struct place *places, size_t count)
{
    uint32_t *latest = need((check->history->last_conn + 1ul) * PLAN_POOLS * sizeof *latest);
    for (size_t i = 0; i < count; i++) {
        if (places[i].pool == NO_POOL)
            continue;
        size_t line = check->history->jobs[places[i].uid].conn * (size_t)PLAN_POOLS;
        uint32_t *last = &latest[line + places[i].pool];
        if (*last > places[i].uid + 1)
            tell(check, &places[i], "submitted before, and assigned after", *last - 1);
        else
            *last = places[i].uid + 1;
    }
    free(latest);
}

static void check_numbers(const struct check *check, const struct place *places, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (places[i].epoch == places[i - 1].epoch && places[i].number == places[i - 1].number)
            check_tell_job(check, FINDING_DUPLICATE, places[i].uid,
                           "another job of this epoch has the same name");
}

void check_order(const struct check *check)
{
    struct place *places = need(check->history->job_count * sizeof *places);
    size_t count = collect(check, places, true);
    qsort(places, count, sizeof *places, by_order);
    check_count(check, places, count);
    check_within(check, places, count);
    check_between(check, places, count);
    count = collect(check, places, false);
    qsort(places, count, sizeof *places, by_number);
    check_numbers(check, places, count);
    free(places);
}
