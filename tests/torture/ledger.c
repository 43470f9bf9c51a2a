/* ledger: see ledger.h. */
#include "ledger.h"

#include "die.h"
#include "loop.h"
#include "pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KIB = 1024, LARGE = 100 * KIB /* with files of their own in the store */ };

static void draw_work(struct kept_job *job, struct rng *rng)
{
    uint64_t dice = rng_below(rng, 1000);
    job->command = CMD_HASH;
    if (dice < 150) {
        job->command = CMD_SLEEP;
        job->a = rng_below(rng, 8);
    } else if (dice < 250) {
        job->command = CMD_FAIL;
    } else if (dice < 300) {
        job->command = CMD_BIG;
        job->a = rng_below(rng, LARGE);
    }
}

/* A job with a key always comes to its end: it may be submitted again as often as needed. */
static void draw_key(struct kept_job *job, struct rng *rng)
{
    job->keyed = job->command != CMD_FAIL && rng_chance(rng, 150);
    if (!job->keyed)
        return;
    job->retries = 100;
    job->cancel = false;
}

uint32_t ledger_draw(struct ledger *ledger, struct rng *rng)
{
    if (ledger->count == ledger->room) {
        ledger->room = ledger->room * 2 + 1024;
        ledger->jobs = need_more(ledger->jobs, ledger->room * sizeof *ledger->jobs);
    }
    struct kept_job *job = &ledger->jobs[ledger->count];
    *job = (struct kept_job){.detach = rng_chance(rng, 500),
                             .filler = (uint32_t)rng_below(rng, rng_chance(rng, 30) ? LARGE : 200),
                             .delay_ms = rng_chance(rng, 100) ? (uint32_t)rng_below(rng, 300) : 0,
                             .retries = rng_chance(rng, 400) ? (uint8_t)rng_below(rng, 4) : 0,
                             .priority = rng_chance(rng, 200) ? (uint8_t)rng_below(rng, 10) : 5,
                             .cancel = rng_chance(rng, 40)};
    draw_work(job, rng);
    draw_key(job, rng);
    return (uint32_t)ledger->count++;
}

void ledger_free(struct ledger *ledger)
{
    free(ledger->jobs);
}

static uint32_t attempt_of(json_t *header)
{
    json_t *attempt = json_object_get(header, "attempt");
    return attempt ? (uint32_t)json_integer_value(attempt) : 1;
}

void ledger_hear(struct kept_job *job, json_t *header)
{
    const char *id = json_string_value(json_object_get(header, "job"));
    const char *event = json_string_value(json_object_get(header, "event"));
    if (!id || strlen(id) >= KEPT_ID_MAX || (*job->id && strcmp(job->id, id) != 0))
        job->faults |= LEDGER_OTHER_ID;
    else
        memcpy(job->id, id, strlen(id) + 1);
    if (!event || strcmp(event, "retry") != 0)
        return;
    if (attempt_of(header) < job->attempt)
        job->faults |= LEDGER_ATTEMPT;
    job->attempt = attempt_of(header);
}

static void read_result(struct kept_outcome *outcome, const struct kept_job *job,
                        const char *payload, size_t size)
{
    char digits[PATTERN_HASH_DIGITS + 1] = "";
    size_t more = job->command == CMD_BIG ? (size_t)job->a : 0;
    if (size != PATTERN_HASH_DIGITS + more)
        return;
    memcpy(digits, payload, PATTERN_HASH_DIGITS);
    outcome->hash = strtoull(digits, NULL, 16);
    outcome->intact = pattern_matches(payload + PATTERN_HASH_DIGITS, more, outcome->hash);
}

static bool are_equal(const struct kept_outcome *a, const struct kept_outcome *b)
{
    return a->done == b->done && a->reason == b->reason && a->hash == b->hash &&
           a->attempt == b->attempt;
}

void ledger_tell(struct kept_job *job, json_t *header, const char *payload, size_t size)
{
    const char *event = json_string_value(json_object_get(header, "event"));
    const char *reason = json_string_value(json_object_get(header, "reason"));
    struct kept_outcome outcome = {.done = event && strcmp(event, "done") == 0,
                                   .attempt = attempt_of(header)};
    outcome.reason = outcome.done ? NO_REASON : (uint8_t)history_reason(reason ? reason : "");
    if (outcome.done)
        read_result(&outcome, job, payload, size);
    if (job->told && !are_equal(&outcome, &job->outcome))
        job->faults |= LEDGER_OTHER_OUTCOME;
    if (outcome.attempt < job->attempt)
        job->faults |= LEDGER_ATTEMPT;
    if (job->told)
        return;
    job->accepted = job->told = true;
    job->outcome = outcome;
    job->told_us = clock_now_us();
}
