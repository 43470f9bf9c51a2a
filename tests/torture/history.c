/* history: see history.h. */
#include "history.h"

#include "die.h"
#include "loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const reason_names[] = {
    [REASON_ERROR] = "error",
    [REASON_MODULE] = "module",
    [REASON_TIMEOUT] = "timeout",
    [REASON_CANCELLED] = "cancelled",
    [REASON_UNKNOWN_MODULE] = "unknown-module",
    [REASON_UNAVAILABLE] = "unavailable",
    [REASON_TOO_LARGE] = "too-large",
    [REASON_SHUTDOWN] = "shutdown",
    [REASON_EXPIRED] = "expired",
    [REASON_OTHER] = "(unknown)",
};

static const char *const type_names[EVENT_TYPES] = {
    [EV_EPOCH] = "epoch",     [EV_EPOCH_END] = "epoch-end", [EV_SETTINGS] = "settings",
    [EV_CONN_OPEN] = "open",  [EV_CONN_END] = "conn-end",   [EV_SUBMIT] = "submit",
    [EV_CANCEL] = "cancel",   [EV_ACCEPTED] = "accepted",   [EV_STARTED] = "started",
    [EV_DONE] = "done",       [EV_FAILED] = "failed",       [EV_OVERLOAD] = "overload",
    [EV_ERROR] = "error",     [EV_STRAY] = "stray",         [EV_FATAL] = "fatal",
    [EV_BROKEN] = "broken",   [EV_FAULT] = "fault",         [EV_PING] = "ping",
    [EV_STOPPED] = "stopped", [EV_SAMPLE] = "sample",       [EV_STUCK] = "stuck",
    [EV_REQUEST] = "request", [EV_REPLY] = "reply",         [EV_DELIVERED] = "delivered",
    [EV_OWNS] = "owns",       [EV_SELECT] = "select",
};

static const char *const end_names[] = {
    [END_RESET] = "reset by us",
    [END_CLOSED] = "closed by us",
    [END_ASKED] = "closed by the server after our end of input",
    [END_TOLERATED] = "closed by the server, rightly",
    [END_REFUSED] = "refused",
    [END_EPOCH] = "the master is gone",
    [END_LOST] = "closed by the server without a reason",
};

void history_init(struct history *history)
{
    *history = (struct history){.events = NULL};
}

void history_free(struct history *history)
{
    free(history->events);
    free(history->jobs);
    free(history->samples);
    free(history->layouts);
}

/* Makes room for another element of `size` bytes. */
static void *grow(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return array;
    *room = *room ? *room * 2 : 1024;
    return need_more(array, *room * size);
}

struct event *history_add(struct history *history, enum event_type type)
{
    history->events =
        grow(history->events, history->event_count, &history->event_room, sizeof(struct event));
    struct event *event = &history->events[history->event_count++];
    *event = (struct event){.t_us = clock_now_us(), .uid = NO_JOB, .type = (uint8_t)type};
    return event;
}

struct event *history_add_conn(struct history *history, enum event_type type, uint32_t conn,
                               uint32_t uid)
{
    struct event *event = history_add(history, type);
    event->conn = conn;
    event->uid = uid;
    return event;
}

uint32_t history_add_job(struct history *history, const struct job_spec *spec, uint32_t conn)
{
    history->jobs =
        grow(history->jobs, history->job_count, &history->job_room, sizeof(struct job_record));
    history->jobs[history->job_count] = (struct job_record){
        .spec = *spec, .conn = conn, .epoch = history->epoch, .twin = NO_JOB, .twin_of = NO_JOB};
    history->submitted++;
    return (uint32_t)history->job_count++;
}

void history_add_sample(struct history *history, const struct sample *sample)
{
    history->samples =
        grow(history->samples, history->sample_count, &history->sample_room, sizeof *sample);
    history->samples[history->sample_count] = *sample;
    history_add(history, EV_SAMPLE)->a = history->sample_count++;
}

void history_add_layout(struct history *history, const struct layout *layout)
{
    history->layouts =
        grow(history->layouts, history->layout_count, &history->layout_room, sizeof *layout);
    history->layouts[history->layout_count] = *layout;
    history_add(history, EV_SETTINGS)->a = history->layout_count++;
}

struct event *history_add_fault(struct history *history, enum fault_kind kind, int pid)
{
    struct event *event = history_add(history, EV_FAULT);
    event->code = (uint8_t)kind;
    event->pid = pid;
    return event;
}

enum fail_reason_code history_reason(const char *name)
{
    int code = 0;
    while (code < REASON_OTHER && strcmp(reason_names[code], name) != 0)
        code++;
    return (enum fail_reason_code)code;
}

const char *history_reason_name(enum fail_reason_code code)
{
    return reason_names[code];
}

static const char *detail(const struct event *event, char *text, size_t size)
{
    text[0] = '\0';
    if (event->type == EV_FAILED)
        snprintf(text, size, "%s, order %" PRIu64 ", worker %d, %s %d", reason_names[event->code],
                 event->a, event->pid, event->how < 0 ? "status" : "signal",
                 event->how < 0 ? -1 - event->how : event->how);
    else if (event->type == EV_DONE)
        snprintf(text, size, "order %" PRIu64 ", %d bytes, hash %016" PRIx64, event->a, event->pid,
                 event->c);
    else if (event->type == EV_OVERLOAD)
        snprintf(text, size, "reason %d, queued %" PRIu64 ", running %" PRIu64, event->code,
                 event->a, event->b);
    else if (event->type == EV_CONN_END)
        snprintf(text, size, "%s", end_names[event->code]);
    else if (event->type == EV_FAULT)
        snprintf(text, size, "%s, process %d", fault_name(event->code), event->pid);
    else
        snprintf(text, size, "%" PRIu64 " %" PRIu64, event->a, event->b);
    return text;
}

void history_describe(const struct history *history, const struct event *event, uint64_t start_us,
                      char *text, size_t size)
{
    char more[160];
    int n = snprintf(text, size, "%.6f %s %s", (double)(event->t_us - start_us) / 1e6,
                     type_names[event->type], detail(event, more, sizeof more));
    if (event->type != EV_SUBMIT || n < 0 || (size_t)n >= size)
        return;
    const struct job_record *job = &history->jobs[event->uid];
    snprintf(text + n, size - (size_t)n,
             " command %s a %" PRIu64 " b %" PRIu64 " filler %" PRIu32 " timeout_ms %" PRIu32
             "%s%s",
             command_table[job->spec.command].name, job->spec.a, job->spec.b, job->spec.filler,
             job->spec.timeout_ms, job->spec.link ? " link" : "", job->partial ? " partial" : "");
}
