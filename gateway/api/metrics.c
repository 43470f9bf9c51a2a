/* metrics: GET /metrics, for Prometheus. Both daemons are asked at the same time; one that does not
 * answer is told as such, and the other's figures are told all the same. */
#include "gateway/metrics/metrics.h"
#include "access/right.h"
#include "base/clock.h"
#include "common/xmalloc.h"
#include "gateway/api/api.h"
#include "gateway/upstream/inquiry.h"

#include <stdlib.h>

enum { ANSWER_MS = 5000 }; /* Prometheus waits for 10 s */

struct scrape;

/* One daemon. */
struct scraped {
    struct inquiry inquiry; /* its first member */
    struct scrape *scrape;
    struct metrics_start *start;
    json_t *stats; /* owned; NULL: no answer */
};

struct scrape {
    struct http_exchange *exchange;
    struct scraped master, queue;
    unsigned awaited; /* daemons */
};

static struct http_exchange *release(struct scrape *scrape)
{
    struct http_exchange *exchange = scrape->exchange;
    json_decref(scrape->master.stats);
    json_decref(scrape->queue.stats);
    free(scrape);
    return exchange;
}

static uint64_t wall_ms(void)
{
    return clock_read_us(CLOCK_REALTIME) / 1000;
}

static void write_own(struct exposition *exposition, struct api *api)
{
    json_t *stats = api->own_stats(api);
    metrics_start_note(&api->starts[API_GATEWAY], stats, wall_ms());
    metrics_write(exposition, &metrics_gateway, stats, &api->starts[API_GATEWAY]);
    json_decref(stats);
}

static void respond(struct scrape *scrape)
{
    struct exposition exposition;
    size_t len;
    exposition_open(&exposition);
    write_own(&exposition, api_of(scrape->exchange));
    metrics_write(&exposition, &metrics_master, scrape->master.stats, scrape->master.start);
    if (api_of(scrape->exchange)->queue)
        metrics_write(&exposition, &metrics_queue, scrape->queue.stats, scrape->queue.start);
    char *text = exposition_close(&exposition, &len);
    http_respond(release(scrape), 200, EXPOSITION_TYPE, text, len);
    free(text);
}

static void arrived(struct scrape *scrape)
{
    if (--scrape->awaited == 0)
        respond(scrape);
}

static void on_answer(struct inquiry *inquiry, const struct upstream_event *event)
{
    struct scraped *scraped = (struct scraped *)inquiry;
    scraped->stats = inquiry_read_payload(event);
    metrics_start_note(scraped->start, scraped->stats, wall_ms());
    arrived(scraped->scrape);
}

static void on_lost(struct inquiry *inquiry, const char *why)
{
    (void)why;
    arrived(((struct scraped *)inquiry)->scrape);
}

static void ask(struct scrape *scrape, struct scraped *scraped, struct upstream *upstream,
                struct metrics_start *start)
{
    static const struct inquiry_ops ops = {.answer = on_answer, .lost = on_lost};
    static const struct inquiry_question question = {.op = "stats", .wait_ms = ANSWER_MS};
    scraped->scrape = scrape;
    scraped->start = start;
    if (!upstream)
        return;
    scrape->awaited++;
    inquiry_begin(&scraped->inquiry, &ops, upstream, http_exchange_timers(scrape->exchange),
                  &question);
}

static void run(struct http_exchange *exchange)
{
    struct api *api = api_of(exchange);
    struct scrape *scrape = xcalloc(1, sizeof *scrape);
    scrape->exchange = exchange;
    http_exchange_public(exchange)->arg = scrape;
    ask(scrape, &scrape->master, api->master, &api->starts[API_MASTER]);
    ask(scrape, &scrape->queue, api->queue, &api->starts[API_QUEUE]);
}

static void on_gone(struct http_exchange *exchange)
{
    struct scrape *scrape = http_exchange_public(exchange)->arg;
    inquiry_end(&scrape->master.inquiry);
    inquiry_end(&scrape->queue.inquiry);
    release(scrape);
}

static const struct http_handler handler = {.run = run, .gone = on_gone};

const struct api_route api_metrics_routes[] = {
    {.method = HTTP_GET,
     .path = "/metrics",
     .summary = "Figures for Prometheus, in its text format 0.0.4.",
     .rights = RIGHT_OBSERVE,
     .handler = &handler,
     .responses = "{\"200\":{\"description\":\"The figures.\",\"content\":{\"text/plain\":{"
                  "\"schema\":{\"type\":\"string\"}}}}}"},
    {.path = NULL},
};
