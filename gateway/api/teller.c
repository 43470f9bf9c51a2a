/* teller: see teller.h. */
#include "gateway/api/teller.h"

#include "base/payload.h"
#include "common/xmalloc.h"
#include "gateway/api/report.h"
#include "gateway/upstream/upstream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_MAX = 32 * 1024,   /* bytes of a payload in one event */
    UNREAD_MAX = 512 * 1024, /* bytes for the client: with a part on its way a stream costs 1 MiB */
};

/* By type; NULL: not told. */
static const char *const names[] = {
    [UPSTREAM_ERROR] = "failed", /* EventSource has an event `error` of its own */
    [UPSTREAM_STARTED] = "started", [UPSTREAM_PROGRESS] = "progress", [UPSTREAM_PART] = "part",
    [UPSTREAM_RETRY] = "retry",     [UPSTREAM_DONE] = "done",         [UPSTREAM_FAILED] = "failed",
    [UPSTREAM_OTHER] = NULL,
};

static const char *const told_members[] = {
    "worker",  "pool",   "order",   "fraction",       "message",     "reason",  "code",
    "step",    "by",     "by_name", "signal",         "exit_status", "attempt", "delay_ms",
    "wait_us", "run_us", "usage",   "retry_after_ms", NULL,
};

void teller_begin(struct teller *teller, struct http_exchange *exchange)
{
    if (*teller->job) {
        http_header(exchange, "Taskmaster-Job", teller->job);
        http_exchange_label(exchange, teller->job);
    }
    sse_begin(&teller->sse, exchange);
}

static void open_object(struct teller *teller, struct json_writer *json)
{
    json_writer_open(json);
    json_writer_begin(json, NULL, '{');
    json_writer_text(json, "job", teller->job);
}

static void write_event(struct teller *teller, const char *name, bool is_last,
                        struct json_writer *json)
{
    char id[24];
    json_writer_end(json, '}');
    snprintf(id, sizeof id, "%" PRIu64, ++teller->events);
    sse_event(&teller->sse, name, is_last ? TELLER_LAST_ID : id, json->text, json->len);
    free(json_writer_close(json));
}

/* --- pieces --- */

static size_t left_of(const struct teller *teller)
{
    return teller->payload ? teller->payload->size - teller->told : 0;
}

/* The next piece: whole characters, if they are any. The caller frees it. */
static char *take_piece(struct teller *teller, size_t *len)
{
    size_t left = left_of(teller);
    *len = left < PIECE_MAX ? left : PIECE_MAX;
    char *bytes = report_copy(teller->payload, teller->told, *len);
    size_t whole = *len < left ? report_whole(bytes, *len) : *len;
    *len = whole ? whole : *len;
    bytes[*len] = '\0';
    teller->told += *len;
    return bytes;
}

static void add_piece(struct teller *teller, struct json_writer *json)
{
    size_t len;
    char *bytes = take_piece(teller, &len);
    report_bytes(json, bytes, len);
    free(bytes);
}

static void write_part(struct teller *teller)
{
    struct json_writer json;
    open_object(teller, &json);
    json_writer_uint(&json, "seq", teller->parts++);
    add_piece(teller, &json);
    write_event(teller, "part", false, &json);
}

static void write_rest(struct teller *teller)
{
    if (teller->payload)
        add_piece(teller, &teller->json);
    write_event(teller, teller->name, teller->has_ended, &teller->json);
    teller->json = (struct json_writer){.text = NULL};
    teller_clear(teller);
}

static bool is_full(const struct teller *teller)
{
    return http_stream_unread(teller->sse.exchange) > UNREAD_MAX;
}

bool teller_go_on(struct teller *teller)
{
    while (teller->name && !is_full(teller)) {
        if (left_of(teller) > (teller->is_part ? 0 : PIECE_MAX))
            write_part(teller);
        else if (teller->is_part)
            teller_clear(teller);
        else
            write_rest(teller);
    }
    return !teller->name;
}

/* --- events --- */

static void set_event(struct teller *teller, const char *name, bool is_last)
{
    teller->name = name;
    teller->has_ended = is_last;
    open_object(teller, &teller->json);
}

void teller_take(struct teller *teller, const struct upstream_event *event)
{
    const char *name = event->type <= UPSTREAM_OTHER ? names[event->type] : NULL;
    if (!name)
        return;
    set_event(teller, name, event->is_last);
    report_members(&teller->json, event, told_members);
    teller->is_part = event->type == UPSTREAM_PART;
    teller->payload = event->payload ? payload_ref(event->payload) : NULL;
}

void teller_say(struct teller *teller, const char *name, const char *members, bool is_last)
{
    struct json_writer json;
    open_object(teller, &json);
    if (*members) /* without the first comma: the writer adds its own */
        json_writer_json(&json, NULL, members + 1, strlen(members + 1));
    teller->has_ended = is_last;
    write_event(teller, name, is_last, &json);
}

void teller_clear(struct teller *teller)
{
    teller->name = NULL;
    free(teller->json.text);
    teller->json = (struct json_writer){.text = NULL};
    payload_unref(teller->payload);
    teller->payload = NULL;
    teller->told = 0;
    teller->is_part = false;
}
