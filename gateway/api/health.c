/* health: /healthz and /readyz, for load balancers and service managers. */
#include "base/figures.h"
#include "common/xmalloc.h"
#include "gateway/api/api.h"
#include "gateway/api/readiness.h"
#include "gateway/upstream/inquiry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SILENT_MAX_MS = 5000, /* of a daemon whose loop goes round */
    ANSWER_MS = 2000,     /* for the figures behind /readyz */
    KNOWN_US = 100000,    /* so long these figures count */
};

/* --- the answer --- */

/* Words for each check: "ok", or what is wrong. */
struct health {
    json_t *checks;
    bool is_fine;
};

static void health_open(struct health *health)
{
    *health = (struct health){.checks = json_object(), .is_fine = true};
    figures_set_text(health->checks, "gateway", "ok");
}

/* NULL: nothing is wrong. */
static void health_add(struct health *health, const char *check, const char *fault)
{
    figures_set_text(health->checks, check, fault ? fault : "ok");
    if (fault)
        health->is_fine = false;
}

static void health_respond(struct health *health, struct http_exchange *exchange)
{
    json_t *answer = json_object();
    figures_set_text(answer, "status", health->is_fine ? "pass" : "fail");
    json_object_set_new(answer, "checks", health->checks);
    char *text = figures_dump(answer);
    http_header(exchange, "Cache-Control", "no-store");
    http_respond(exchange, health->is_fine ? 200 : 503, "application/json", text, strlen(text));
    free(text);
}

/* --- what is wrong --- */

/* Whether the daemon is there, and its loop goes round. */
static bool is_alive(struct health *health, const char *check, const struct upstream *upstream)
{
    const struct upstream_view view = upstream_view(upstream);
    char fault[256];
    if (!view.is_up)
        snprintf(fault, sizeof fault, "away: %s", view.why ? view.why : "it is being connected");
    else if (view.silent_ms > SILENT_MAX_MS)
        snprintf(fault, sizeof fault, "silent for %llu ms", (unsigned long long)view.silent_ms);
    else
        *fault = '\0';
    health_add(health, check, *fault ? fault : NULL);
    return !*fault;
}

static void run_healthz(struct http_exchange *exchange)
{
    struct health health;
    health_open(&health);
    is_alive(&health, "master", api_of(exchange)->master);
    health_respond(&health, exchange);
}

/* --- readiness --- */

struct readyz {
    struct inquiry inquiry; /* its first member */
    struct http_exchange *exchange;
    struct health health;
};

static void finish(struct readyz *readyz, const char *fault)
{
    struct http_exchange *exchange = readyz->exchange;
    struct health health = readyz->health;
    free(readyz);
    health_add(&health, "master", fault);
    health_respond(&health, exchange);
}

static const char *fault_of(const struct readiness_known *known)
{
    return known->is_ready ? NULL : known->fault;
}

static void on_answer(struct inquiry *inquiry, const struct upstream_event *event)
{
    struct readyz *readyz = (struct readyz *)inquiry;
    struct readiness_known *known = &api_of(readyz->exchange)->ready;
    json_t *stats = inquiry_read_payload(event);
    known->is_ready = readiness_of(stats, known->fault);
    known->until_us = http_exchange_timers(readyz->exchange)->now_us + KNOWN_US;
    json_decref(stats);
    finish(readyz, fault_of(known));
}

static void on_lost(struct inquiry *inquiry, const char *why)
{
    char fault[256];
    snprintf(fault, sizeof fault, "away: %s", why);
    finish((struct readyz *)inquiry, fault);
}

static void ask(struct http_exchange *exchange, const struct health *health)
{
    static const struct inquiry_ops ops = {.answer = on_answer, .lost = on_lost};
    static const struct inquiry_question question = {.op = "stats", .wait_ms = ANSWER_MS};
    struct readyz *readyz = xmalloc(sizeof *readyz);
    readyz->exchange = exchange;
    readyz->health = *health;
    http_exchange_public(exchange)->arg = readyz;
    inquiry_begin(&readyz->inquiry, &ops, api_of(exchange)->master, http_exchange_timers(exchange),
                  &question);
}

static void run_readyz(struct http_exchange *exchange)
{
    const struct api *api = api_of(exchange);
    struct health health;
    health_open(&health);
    if (api->queue)
        is_alive(&health, "queue", api->queue);
    bool is_known = http_exchange_timers(exchange)->now_us < api->ready.until_us;
    if (!is_alive(&health, "master", api->master)) {
        health_respond(&health, exchange);
    } else if (is_known) {
        health_add(&health, "master", fault_of(&api->ready));
        health_respond(&health, exchange);
    } else {
        ask(exchange, &health);
    }
}

static void on_gone(struct http_exchange *exchange)
{
    struct readyz *readyz = http_exchange_public(exchange)->arg;
    inquiry_end(&readyz->inquiry);
    json_decref(readyz->health.checks);
    free(readyz);
}

static const struct http_handler healthz = {.run = run_healthz};
static const struct http_handler readyz = {.run = run_readyz, .gone = on_gone};

#define RESPONSES                                                                        \
    "{\"200\":{\"description\":\"All is well.\",\"content\":{\"application/json\":{}}}," \
    "\"503\":{\"description\":\"Something is wrong.\",\"content\":{\"application/json\":{}}}}"

const struct api_route api_health_routes[] = {
    {.method = HTTP_GET,
     .path = "/healthz",
     .summary = "Whether the gateway and the master are alive.",
     .is_open = true,
     .handler = &healthz,
     .responses = RESPONSES},
    {.method = HTTP_GET,
     .path = "/readyz",
     .summary = "Whether jobs would be run now.",
     .is_open = true,
     .handler = &readyz,
     .responses = RESPONSES},
    {.path = NULL},
};
