/* stored_sum: see stored_sum.h. */
#include "queue/store/stored_sum.h"

#include "base/payload.h"
#include "base/sum.h"

#include <string.h>

/* With its zero, so that two texts are not two others. No text begins with this byte. */
static void add_text(struct sum *sum, const char *text)
{
    static const unsigned char none = 0xff;
    if (text)
        sum_bytes(sum, text, strlen(text) + 1);
    else
        sum_bytes(sum, &none, 1);
}

/* Leaves room for what is added; see stored_sum.h. */
static uint64_t end(struct sum *sum, uint64_t added)
{
    return (sum_end(sum) >> 2) + added;
}

uint64_t stored_sum_wish(const struct stored_job *job)
{
    const struct stored_wish *wish = &job->wish;
    struct sum sum;
    sum_begin(&sum);
    sum_number(&sum, job->seq);
    sum_number(&sum, job->input.size);
    sum_number(&sum, job->input.sum);
    sum_number(&sum,
               wish->priority | (uint64_t)wish->retry_on << 8 | (uint64_t)wish->wants_usage << 16);
    sum_number(&sum, wish->retries | (uint64_t)wish->retry_delay_ms << 32);
    sum_number(&sum, wish->timeout_ms | (uint64_t)wish->soft_timeout_ms << 32);
    sum_number(&sum, wish->max_wait_ms);
    sum_number(&sum, wish->ttl_ms);
    sum_number(&sum, wish->submitted_ms);
    add_text(&sum, wish->key);
    sum_bytes(&sum, wish->digest, wish->key ? STORED_DIGEST : 0);
    add_text(&sum, wish->module);
    add_text(&sum, wish->owner);
    add_text(&sum, wish->id);
    add_text(&sum, wish->context);
    return end(&sum, wish->is_detached);
}

uint64_t stored_sum_run(const struct stored_job *job)
{
    const struct stored_run *run = &job->run;
    struct sum sum;
    sum_begin(&sum);
    sum_number(&sum, job->seq);
    sum_number(&sum, run->attempt);
    sum_number(&sum, run->failures | (uint64_t)run->losses << 32);
    sum_number(&sum, run->due_ms);
    sum_number(&sum, run->expires_ms);
    return end(&sum, (uint64_t)run->state * STORED_SUM_STATE +
                         (uint64_t)run->is_cancelled * STORED_SUM_CANCELLED);
}

uint64_t stored_sum_outcome(const struct stored_job *job)
{
    const struct stored_outcome *outcome = &job->outcome;
    struct sum sum;
    if (job->run.state != STORED_ENDED)
        return 0;
    sum_begin(&sum);
    sum_number(&sum, job->seq);
    sum_number(&sum, job->result.size);
    sum_number(&sum, job->result.sum);
    sum_number(&sum, outcome->is_done);
    sum_number(&sum, outcome->ended_ms);
    add_text(&sum, outcome->reason);
    add_text(&sum, outcome->fields);
    return end(&sum, outcome->over_ms);
}

static void add_payload(struct sum *sum, const struct payload *payload)
{
    for (const struct payload_part *part = payload->first; part; part = part->next)
        sum_bytes(sum, part->data, part->len);
}

uint64_t stored_sum_body(uint64_t seq, bool is_result, const struct stored_body *body)
{
    struct sum sum;
    if (!body->size)
        return 0;
    sum_begin(&sum);
    sum_number(&sum, seq << 1 | is_result);
    if (body->payload)
        add_payload(&sum, body->payload);
    else
        sum_bytes(&sum, body->data, body->size);
    return end(&sum, 0);
}
