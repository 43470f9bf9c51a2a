/* stream: see stream.h. */
#include "gateway/api/stream.h"

#include "common/xmalloc.h"
#include "gateway/api/outcome.h"
#include "gateway/api/report.h"
#include "gateway/api/submit.h"
#include "gateway/api/teller.h"
#include "gateway/upstream/upstream.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stream {
    struct http_exchange *exchange;
    struct upstream_call call;
    struct teller teller;
    bool is_kept;
    bool has_begun; /* the response */
    bool is_held;   /* the daemon's connection */
};

static struct stream *stream_of(struct upstream_call *call)
{
    return (struct stream *)((char *)call - offsetof(struct stream, call));
}

static void stream_free(struct stream *stream)
{
    teller_clear(&stream->teller);
    free(stream);
}

static void begin(struct stream *stream)
{
    stream->has_begun = true;
    if (stream->is_kept)
        submit_locate(stream->exchange, stream->teller.job);
    teller_begin(&stream->teller, stream->exchange);
}

static void finish(struct stream *stream)
{
    sse_end(&stream->teller.sse);
    stream_free(stream);
}

/* Tells what is to be told, and reads on behind it. */
static void go_on(struct stream *stream)
{
    bool is_told = teller_go_on(&stream->teller);
    if (is_told && stream->teller.has_ended) {
        finish(stream);
    } else if (!is_told && !stream->is_held && !stream->teller.has_ended) {
        stream->is_held = true;
        upstream_hold(&stream->call);
    } else if (is_told && stream->is_held) {
        stream->is_held = false;
        upstream_release(&stream->call);
    }
}

/* --- the daemon --- */

static void on_event(struct upstream_call *call, const struct upstream_event *event)
{
    struct stream *stream = stream_of(call);
    struct teller *teller = &stream->teller;
    if (!*teller->job)
        report_word(event, "job", teller->job, sizeof teller->job);
    if (!stream->has_begun && event->is_last && event->type != UPSTREAM_DONE) {
        outcome_respond(stream->exchange, event); /* never began: a problem with its status */
        stream_free(stream);
        return;
    }
    if (!stream->has_begun)
        begin(stream);
    teller_take(teller, event);
    go_on(stream);
}

static void on_lost(struct upstream_call *call, const char *why, bool begun)
{
    struct stream *stream = stream_of(call);
    if (!stream->has_begun) {
        outcome_lost(stream->exchange, why, begun);
    } else { /* a torso, so that an EventSource asks again */
        sse_forget(&stream->teller.sse);
        http_stream_break(stream->exchange);
    }
    stream_free(stream);
}

static const struct upstream_call_ops call_ops = {.event = on_event, .lost = on_lost};

/* --- the client --- */

static void on_gone(struct http_exchange *exchange)
{
    struct stream *stream = http_exchange_public(exchange)->arg;
    if (!stream->teller.has_ended)
        upstream_forget(&stream->call, false);
    if (stream->has_begun)
        sse_forget(&stream->teller.sse);
    stream_free(stream);
}

static void on_taken(struct http_exchange *exchange)
{
    go_on(http_exchange_public(exchange)->arg);
}

static const struct http_handler handler = {.gone = on_gone, .taken = on_taken};

static struct stream *stream_new(struct http_exchange *exchange)
{
    struct stream *stream = xcalloc(1, sizeof *stream);
    stream->exchange = exchange;
    stream->call.ops = &call_ops;
    submit_hand_on(exchange, &handler, stream);
    return stream;
}

/* The queue has no parts, and no link: the job stays. */
static void add_wishes(struct submit *submit)
{
    static const char of_master[] = "[\"accepted\",\"started\",\"progress\",\"part\",\"usage\"]";
    static const char of_queue[] = "[\"accepted\",\"started\",\"progress\",\"retry\",\"usage\"]";
    const char *notify = submit->is_kept ? of_queue : of_master;
    json_writer_json(&submit->members, "notify", notify, strlen(notify));
    if (!submit->is_kept)
        json_writer_bool(&submit->members, "link", true);
}

void stream_submit(struct submit *submit)
{
    struct stream *stream = stream_new(submit->exchange);
    stream->is_kept = submit->is_kept;
    add_wishes(submit);
    upstream_stream(submit->upstream, &stream->call, "submit", submit->members.text,
                    submit->members.len, http_request(stream->exchange)->body);
}

void stream_wait(struct http_exchange *exchange, struct upstream *queue, const char *job,
                 bool is_running)
{
    char members[160];
    struct stream *stream = stream_new(exchange);
    snprintf(stream->teller.job, sizeof stream->teller.job, "%s", job);
    begin(stream);
    if (is_running)
        teller_say(&stream->teller, "started", "", false);
    int len = snprintf(members, sizeof members,
                       ",\"job\":\"%s\",\"notify\":[\"started\",\"progress\",\"retry\"]", job);
    upstream_stream(queue, &stream->call, "wait", members, (size_t)len, NULL);
}
