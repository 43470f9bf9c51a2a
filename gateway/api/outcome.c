/* outcome: see outcome.h. */
#include "gateway/api/outcome.h"

#include "base/json_writer.h"
#include "gateway/api/fault.h"
#include "gateway/api/report.h"
#include "gateway/http/exchange.h"
#include "gateway/http/problem.h"
#include "gateway/upstream/upstream.h"

#include <stdlib.h>
#include <string.h>

enum {
    AWAY_RETRY_MS = 1000,
    FACTS_MAX = 64 * 1024, /* bytes of a crash's facts, or of a module's reply in a problem */
    WORD_MAX = 128,
};

/* --- a result --- */

static void add_uint_header(struct http_exchange *exchange, const char *name,
                            const struct upstream_event *event, const char *member)
{
    uint64_t value;
    if (upstream_event_uint(event, member, &value))
        http_header_uint(exchange, name, value);
}

static void add_job(struct http_exchange *exchange, const struct upstream_event *event)
{
    char job[WORD_MAX];
    if (!report_word(event, "job", job, sizeof job))
        return;
    http_header(exchange, "Taskmaster-Job", job);
    http_exchange_label(exchange, job);
}

static void respond_done(struct http_exchange *exchange, const struct upstream_event *event)
{
    static const char type[] = "application/octet-stream";
    add_uint_header(exchange, "Taskmaster-Wait-Us", event, "wait_us");
    add_uint_header(exchange, "Taskmaster-Run-Us", event, "run_us");
    add_uint_header(exchange, "Taskmaster-Attempt", event, "attempt");
    if (event->payload)
        http_respond_payload(exchange, 200, type, event->payload);
    else
        http_respond(exchange, 200, type, "", 0);
}

/* --- a problem --- */

/* The fingerprint among the facts of a crash. */
static void add_fingerprint(struct json_writer *json, const char *bytes, size_t len)
{
    json_t *facts = json_loadb(bytes, len, 0, NULL);
    const json_t *crash = json_object_get(facts, "crash");
    const char *fingerprint = json_string_value(json_object_get(crash, "fingerprint"));
    if (fingerprint)
        json_writer_text(json, "fingerprint", fingerprint);
    json_decref(facts);
}

/* Of a crash the payload has its facts, of a module's failure its reply up to then. */
static void add_payload(struct json_writer *json, const struct payload *payload, const char *reason)
{
    if (!payload || payload->size > FACTS_MAX)
        return;
    char *bytes = report_copy(payload, 0, payload->size);
    if (strcmp(reason, "error") == 0)
        add_fingerprint(json, bytes, payload->size);
    else
        report_bytes(json, bytes, payload->size);
    free(bytes);
}

static void add_members(struct json_writer *json, const struct upstream_event *event)
{
    static const char *const of_failed[] = {
        "job", "code", "step", "signal", "exit_status", "by", "by_name", "order", "attempt", NULL,
    };
    static const char *const of_refused[] = {
        "job", "reason", "pool", "queued", "running", "file", "line", "key", "owner", NULL,
    };
    report_members(json, event, event->type == UPSTREAM_FAILED ? of_failed : of_refused);
}

static uint64_t retry_after_ms(const struct upstream_event *event, unsigned status)
{
    uint64_t ms;
    if (upstream_event_uint(event, "retry_after_ms", &ms) && ms)
        return ms;
    return status == 503 ? AWAY_RETRY_MS : 0;
}

/* An overload has a reason, and no message. */
static const char *words_of_overload(const char *reason)
{
    static const struct {
        const char *reason, *words;
    } rows[] = {
        {"queue-full", "as many jobs wait as may wait"},
        {"memory", "the payloads of waiting jobs leave no room for this one"},
        {"client-quota", "the gateway has as many unfinished jobs as it may have"},
        {"service-full", "the owner of the service does not read its events"},
        {"storage", "the store of kept jobs is full, or cannot be reached"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].reason, reason) == 0)
            return rows[i].words;
    return "there is no room for the job";
}

static const char *detail_of(const struct upstream_event *event, const char *reason)
{
    const json_t *message = json_object_get(upstream_event_json(event), "message");
    return json_is_string(message) ? json_string_value(message) : words_of_overload(reason);
}

static void respond_problem(struct http_exchange *exchange, const struct upstream_event *event,
                            const char *word, const char *status_word)
{
    struct json_writer json;
    json_writer_open(&json);
    json.more = true; /* members stand before ours */
    add_members(&json, event);
    if (event->type == UPSTREAM_FAILED)
        add_payload(&json, event->payload, word);
    unsigned status = fault_status(status_word);
    http_problem(exchange, &(struct http_problem){
                               .status = status,
                               .code = word,
                               .is_reason = event->type == UPSTREAM_FAILED,
                               .detail = detail_of(event, status_word),
                               .members = json.text,
                               .members_len = json.len,
                               .retry_after_ms = retry_after_ms(event, status),
                           });
    free(json_writer_close(&json));
}

void outcome_respond(struct http_exchange *exchange, const struct upstream_event *event)
{
    char word[WORD_MAX] = "error";
    add_job(exchange, event);
    if (event->type == UPSTREAM_DONE) {
        respond_done(exchange, event);
        return;
    }
    report_word(event, event->type == UPSTREAM_ERROR ? "code" : "reason", word, sizeof word);
    respond_problem(exchange, event, event->type == UPSTREAM_OVERLOAD ? "overload" : word, word);
}

void outcome_lost(struct http_exchange *exchange, const char *why, bool begun)
{
    if (begun)
        http_refuse(exchange, 502, "lost", "%s; the request may have been carried out", why);
    else
        http_problem(exchange, &(struct http_problem){
                                   .status = 503,
                                   .code = "unavailable",
                                   .detail = why,
                                   .retry_after_ms = AWAY_RETRY_MS,
                               });
}
