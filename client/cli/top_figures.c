/* top_figures: see top_figures.h. */
#include "top_figures.h"

#include "ask.h"
#include "client/lib/deadline.h"
#include "connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    JOBS_SHOWN = 500
}; /* asked for; running ones come first, or of a queue are asked for alone */

/* The kinds of requests: the `user` of their answers points at one. */
static struct kind {
    const char *op;
} kinds[] = {{"stats"}, {"workers"}, {"jobs"}, {"cancel"}, {"kill"}};

enum { STATS, WORKERS, JOBS, CANCEL, KILL };

void top_figures_init(struct top_figures *figures, tm_client *client, struct top_model *model)
{
    *figures = (struct top_figures){.client = client, .model = model, .answers = json_object()};
}

void top_figures_free(struct top_figures *figures)
{
    json_decref(figures->answers);
    tm_client_event_free(figures->refusal);
}

static tm_client_status ask(struct top_figures *figures, int kind, const char *fields)
{
    tm_client_status status =
        tm_client_request(figures->client, kinds[kind].op, fields, NULL, 0, &kinds[kind], 0, NULL);
    if (status == TM_CLIENT_OK)
        figures->awaited++;
    return status;
}

tm_client_status top_figures_ask(struct top_figures *figures)
{
    char fields[64];
    tm_client_status status;
    if (figures->awaited > 0)
        return TM_CLIENT_OK;
    figures->complete = false;
    figures->asked = tmc_deadline_now();
    snprintf(fields, sizeof fields, "{\"limit\":%d%s}", JOBS_SHOWN,
             connect_is_queue(figures->client) ? ",\"state\":\"running\"" : "");
    if ((status = ask(figures, STATS, NULL)) == TM_CLIENT_OK && !figures->no_jobs)
        status = ask(figures, JOBS, fields);
    return status == TM_CLIENT_OK ? ask(figures, WORKERS, NULL) : status;
}

tm_client_status top_figures_stop_job(struct top_figures *figures, const char *job, bool kill)
{
    json_t *fields = json_pack("{ss}", "job", job);
    char *text = fields ? json_dumps(fields, JSON_COMPACT) : NULL;
    tm_client_status status = text ? ask(figures, kill ? KILL : CANCEL, text) : TM_CLIENT_MEMORY;
    free(text);
    json_decref(fields);
    return status;
}

/* ---- answers ---- */

static bool has_more(const tm_client_event *event)
{
    json_t *header = ask_load_header(event);
    bool more = json_is_true(json_object_get(header, "more"));
    json_decref(header);
    return more;
}

static void take_figures(struct top_figures *figures, const struct kind *kind,
                         const tm_client_event *event)
{
    json_type type = kind == &kinds[STATS] ? JSON_OBJECT : JSON_ARRAY;
    json_error_t error;
    json_t *value = json_loadb(event->data, event->size, 0, &error);
    if (value && json_typeof(value) == type && !figures->frozen) {
        json_object_set(figures->answers, kind->op, value);
        if (kind == &kinds[STATS])
            top_model_take_stats(figures->model, value, tmc_deadline_now() / 1000000);
        else if (kind == &kinds[WORKERS])
            top_model_take_workers(figures->model, value);
        else
            top_model_take_jobs(figures->model, value, has_more(event));
    }
    json_decref(value);
}

static void take_outcome(struct top_figures *figures, const struct kind *kind,
                         const tm_client_event *event)
{
    const char *said = event->type == TM_CLIENT_EVENT_ERROR ? event->message : event->state;
    snprintf(figures->notice, sizeof figures->notice, "%s: %.200s%s", kind->op,
             event->type == TM_CLIENT_EVENT_ERROR ? "" : "the job was ", said ? said : "?");
}

/* The workers of taskqueued are its master's, which may be away. */
static void take_no_workers(struct top_figures *figures)
{
    json_t *none = json_array();
    if (!figures->frozen) {
        json_object_set(figures->answers, kinds[WORKERS].op, none);
        top_model_take_workers(figures->model, none);
    }
    json_decref(none);
}

/* A server without `jobs`, or a token without the right: its workers tell of their jobs. */
static void take_refusal(struct top_figures *figures, const struct kind *kind,
                         tm_client_event *event)
{
    if (kind == &kinds[JOBS])
        figures->no_jobs = true;
    else if (kind == &kinds[WORKERS] && event->code && strcmp(event->code, "unavailable") == 0)
        take_no_workers(figures);
    else if (!figures->refusal)
        figures->refusal = event;
}

/* Keeps the event if it is the refusal. */
static void take(struct top_figures *figures, tm_client_event *event)
{
    const struct kind *kind = event->user;
    if (!kind)
        return; /* nobody asked */
    figures->awaited -= figures->awaited > 0;
    if (kind == &kinds[CANCEL] || kind == &kinds[KILL])
        take_outcome(figures, kind, event);
    else if (event->type == TM_CLIENT_EVENT_ERROR)
        take_refusal(figures, kind, event);
    else
        take_figures(figures, kind, event);
    figures->complete = figures->awaited == 0;
}

tm_client_status top_figures_take(struct top_figures *figures)
{
    tm_client_event *event;
    tm_client_status status;
    while ((status = tm_client_next(figures->client, 0, &event)) == TM_CLIENT_OK) {
        take(figures, event);
        if (event != figures->refusal)
            tm_client_event_free(event);
    }
    return status == TM_CLIENT_TIMEOUT || status == TM_CLIENT_NOTHING ? TM_CLIENT_OK : status;
}
