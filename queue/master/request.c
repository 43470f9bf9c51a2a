/* master_request: writes requests to the master. */
#include "queue/master/link_internal.h"

#include "protocol/event_writer.h"

enum {
    ATTEMPT_MAX = 1000000, /* of the protocol, */
    MS_MAX = INT32_MAX,    /* as well */
};

static struct conn *conn_of(struct master_link *link)
{
    return link->uplink.conn;
}

static void write_ms(struct event_writer *event, const char *key, uint64_t ms)
{
    if (ms)
        event_uint(event, key, ms < MS_MAX ? ms : MS_MAX);
}

/* A job's number: as a text, if it is greater than an integer of the protocol. */
static void write_number(struct event_writer *event, const char *key, uint64_t seq)
{
    if (seq <= ID_INTEGER_MAX) {
        event_uint(event, key, seq);
        return;
    }
    event_key(event, key);
    event_put(event, "\"", 1);
    event_digits(event, seq);
    event_put(event, "\"", 1);
}

/* The queue's id of the job. */
static void write_origin(struct event_writer *event, uint64_t seq)
{
    event_key(event, "origin");
    event_put(event, "\"q", 2);
    event_digits(event, seq);
    event_put(event, "\"", 1);
}

static void write_relay(struct event_writer *event, const struct stored_job *job)
{
    write_origin(event, job->seq);
    event_uint(event, "attempt", job->run.attempt < ATTEMPT_MAX ? job->run.attempt : ATTEMPT_MAX);
    if (*job->wish.owner)
        event_text(event, "for", job->wish.owner, strlen(job->wish.owner), HEADER_MAX);
}

/* Progress is asked for in any case: somebody may follow the job later, and a job without any costs
 * nothing. */
static void write_notify(struct event_writer *event, const struct stored_job *job)
{
    event_list_begin(event, "notify");
    event_item(event, "", "started");
    event_item(event, "", "progress");
    if (job->wish.wants_usage)
        event_item(event, "", "usage");
    event_list_end(event);
}

void master_request_submit(struct master_link *link, const struct kept *kept)
{
    const struct stored_job *job = kept->stored;
    struct event_writer event;
    event_begin_request(&event, conn_of(link), "submit");
    write_number(&event, "id", job->seq);
    event_word(&event, "module", job->wish.module);
    event_bool(&event, "link", true);
    write_notify(&event, job);
    write_relay(&event, job);
    write_ms(&event, "timeout_ms", job->wish.timeout_ms);
    write_ms(&event, "soft_timeout_ms", job->wish.soft_timeout_ms);
    write_ms(&event, "max_wait_ms", kept_wait_left_ms(kept));
    if (kept->input)
        event_uint(&event, "size", kept->input->size);
    event_end(&event);
    if (kept->input)
        conn_write_payload(conn_of(link), kept->input);
}

void master_request_stop(struct master_link *link, const struct kept *job, bool kill)
{
    struct event_writer event;
    event_begin_request(&event, conn_of(link), kill ? "kill" : "cancel");
    write_number(&event, "target", kept_seq(job));
    event_end(&event);
}

void master_request_ask(struct master_link *link, const char *op)
{
    struct event_writer event;
    event_begin_request(&event, conn_of(link), op);
    event_word(&event, "id", MASTER_ASK_ID);
    event_end(&event);
}
