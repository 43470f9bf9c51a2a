/* redis_row: see redis_row.h. */
#include "queue/redis/redis_row.h"

#include "common/xmalloc.h"
#include "queue/redis/redis_reply.h"
#include "queue/redis/redis_wish.h"

#include <stdlib.h>
#include <string.h>

/* Elements of a row. */
enum column {
    SEQ,
    STATE,
    ATTEMPT,
    FAILURES,
    LOSSES,
    CANCELLED,
    DUE,
    EXPIRES,
    HOLDER,
    OVER,
    DETACHED,
    FOLLOWERS,
    WISH_SIZE,
    INPUT_SIZE,
    OUTCOME_SIZE,
    RESULT_SIZE,
    IN,
    OUT,
};

static bool read_state(const struct redis_reply *row, uint8_t *state)
{
    static const char letters[] = {[STORED_WAITING] = 'w',
                                   [STORED_DELAYED] = 'd',
                                   [STORED_HANDED] = 'h',
                                   [STORED_ENDED] = 'e'};
    size_t len;
    const char *text = redis_reply_text_at(row, STATE, &len);
    const char *at = len == 1 ? memchr(letters, *text, sizeof letters) : NULL;
    *state = at ? (uint8_t)(at - letters) : 0;
    return at;
}

static bool read_run(struct stored_run *run, const struct redis_reply *row)
{
    *run = (struct stored_run){
        .is_cancelled = redis_reply_number_at(row, CANCELLED),
        .attempt = (uint32_t)redis_reply_number_at(row, ATTEMPT),
        .failures = (uint32_t)redis_reply_number_at(row, FAILURES),
        .losses = (uint32_t)redis_reply_number_at(row, LOSSES),
        .due_ms = redis_reply_number_at(row, DUE),
        .expires_ms = redis_reply_number_at(row, EXPIRES),
    };
    return read_state(row, &run->state);
}

/* The first part of the element is a record, and the rest a body, if that was asked for. */
struct parts {
    const char *record, *body;
    size_t record_len, body_len;
};

static struct parts parts_of(const struct redis_reply *row, enum column at, enum column record_size)
{
    size_t len, size = redis_reply_number_at(row, record_size);
    const char *bytes = redis_reply_text_at(row, at, &len);
    if (size > len)
        size = len;
    return (struct parts){
        .record = bytes, .record_len = size, .body = bytes + size, .body_len = len - size};
}

static void read_body(struct stored_body *body, const struct parts *parts, uint64_t size)
{
    body->size = size;
    if (!parts->body_len)
        return;
    body->is_lost = parts->body_len != size;
    body->data = xmalloc(parts->body_len);
    memcpy(body->data, parts->body, parts->body_len);
}

static struct stored_job *read_wish(const struct redis_reply *row, const struct parts *in)
{
    struct stored_wish wish;
    if (!redis_wish_read(&wish, in->record, in->record_len))
        return NULL;
    wish.is_detached = redis_reply_number_at(row, DETACHED);
    return stored_job_new(&wish);
}

static bool read_outcome(struct stored_job *job, const struct redis_reply *row,
                         const struct parts *out)
{
    struct stored_outcome outcome;
    if (job->run.state != STORED_ENDED)
        return true;
    if (!redis_outcome_read(&outcome, out->record, out->record_len))
        return false;
    outcome.over_ms = redis_reply_number_at(row, OVER);
    stored_job_set_outcome(job, &outcome);
    return true;
}

/* What nodes but this one want: EPOCH:WANTS, with blanks between. */
static unsigned wants_of(const struct redis_reply *row, uint64_t epoch)
{
    size_t len;
    const char *at = redis_reply_text_at(row, FOLLOWERS, &len);
    unsigned wants = 0;
    while (*at) {
        char *end;
        uint64_t of = strtoull(at, &end, 10);
        if (*end != ':')
            break;
        at = end + 1;
        if (of != epoch)
            wants |= (unsigned)strtoul(at, NULL, 10);
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    return wants;
}

struct stored_job *redis_row_read(const struct redis_reply *row, uint64_t epoch)
{
    const struct parts in = parts_of(row, IN, WISH_SIZE), out = parts_of(row, OUT, OUTCOME_SIZE);
    struct stored_job *job = read_wish(row, &in);
    if (!job)
        return NULL;
    job->seq = redis_reply_number_at(row, SEQ);
    job->others = wants_of(row, epoch);
    if (!read_run(&job->run, row) || !read_outcome(job, row, &out)) {
        stored_job_free(job);
        return NULL;
    }
    read_body(&job->input, &in, redis_reply_number_at(row, INPUT_SIZE));
    read_body(&job->result, &out, redis_reply_number_at(row, RESULT_SIZE));
    return job;
}

uint64_t redis_row_holder(const struct redis_reply *row)
{
    struct stored_run run;
    bool is_handed = read_state(row, &run.state) && run.state == STORED_HANDED;
    return is_handed ? redis_reply_number_at(row, HOLDER) : 0;
}
