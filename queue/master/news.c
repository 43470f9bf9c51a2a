/* master_news: tells the keep of the master's events. */
#include "queue/master/link_internal.h"

#include "common/log.h"

#include <string.h>

static void end_job(struct kept *job, const struct kept_end *end)
{
    if (job)
        kept_on_end(job, end); /* takes over the payload */
    else
        payload_unref(end->result);
}

static struct kept_end end_of(const struct master_event *event, enum kept_end_type type,
                              struct payload *payload)
{
    return (struct kept_end){
        .type = type,
        .reason = event->reason,
        .message = event->message,
        .fields = event->fields,
        .has_order = event->has_order,
        .run_us = event->run_us,
        .delay_ms = -1,
        .result = payload,
    };
}

static void take_done(struct kept *job, const struct master_event *event, struct payload *payload)
{
    struct kept_end end = end_of(event, KEPT_END_DONE, payload);
    end_job(job, &end);
}

/* `retry_after_ms` of a module is its tm_retry(). A worker killed by an operator is no crash. */
static void take_failed(struct kept *job, const struct master_event *event, struct payload *payload)
{
    struct kept_end end = end_of(event, KEPT_END_FAILED, payload);
    bool by_module = strcmp(event->reason, "module") == 0;
    end.is_crash = strcmp(event->reason, "error") == 0 && !event->has_by;
    if (by_module && event->has_retry_after)
        end.delay_ms = (int64_t)event->retry_after_ms;
    else
        end.retry_after_ms = event->retry_after_ms;
    end_job(job, &end);
}

static void take_overload(struct kept *job, const struct master_event *event,
                          struct payload *payload)
{
    struct kept_end end = end_of(event, KEPT_END_OVERLOAD, payload);
    end.retry_after_ms = event->retry_after_ms;
    end_job(job, &end);
}

/* An error about a submit, or an answer to an ask. After one about the connection alone the master
 * ends the connection; its words are the reason. */
static void take_error(struct master_link *link, struct kept *job, const struct master_event *event,
                       struct payload *payload)
{
    struct kept_end end = end_of(event, KEPT_END_ERROR, payload);
    end.reason = event->code;
    if (event->is_submit && event->is_of_job) {
        end_job(job, &end);
        return;
    }
    payload_unref(payload);
    if (event->is_answer) {
        master_asked_answer(
            link, &(struct master_answer){.code = event->code, .message = event->message});
    } else if (event->is_fatal) {
        uplink_note_last_words(&link->uplink, event->message);
    }
}

static void take_other(struct master_link *link, const struct master_event *event,
                       struct payload *payload)
{
    static const struct master_answer empty = {.code = "unavailable",
                                               .message = "the master's answer is empty"};
    struct master_answer whole = {.payload = payload};
    if (event->is_answer)
        master_asked_answer(link, payload ? &whole : &empty);
    payload_unref(payload);
}

void master_news_take(struct master_link *link, const struct master_event *event,
                      struct payload *payload)
{
    struct kept *job = event->is_of_job ? keep_handed(link->keep, event->id) : NULL;
    switch (event->type) {
    case MASTER_EVENT_STARTED:
        if (job)
            kept_on_started(job, event->fields);
        break;
    case MASTER_EVENT_PROGRESS:
        if (job)
            kept_on_progress(job, event->fields);
        break;
    case MASTER_EVENT_DONE:
        take_done(job, event, payload);
        return;
    case MASTER_EVENT_FAILED:
        take_failed(job, event, payload);
        return;
    case MASTER_EVENT_OVERLOAD:
        take_overload(job, event, payload);
        return;
    case MASTER_EVENT_ERROR:
        take_error(link, job, event, payload);
        return;
    case MASTER_EVENT_DRAINING:
        log_event(LOG_INFO, "master-draining", LOG_STR("address", link->text));
        keep_master_draining(link->keep);
        break;
    case MASTER_EVENT_HELLO:
    case MASTER_EVENT_OTHER:
        take_other(link, event, payload);
        return;
    }
    payload_unref(payload);
}
