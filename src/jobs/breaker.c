/*
 * dispatch_breaker: failing the jobs of a module with an open breaker (module_breaker.h).
 *
 * Such jobs fail when they are submitted, when they come to the head of the line, and, if they were
 * handed to a worker early, at once.
 */
#include "jobs/dispatcher_internal.h"

#include <stdio.h>

enum { RETRY_MIN_MS = 50 }; /* less is an invitation to spin */

void dispatch_breaker_fail(struct dispatcher *d, struct job *job)
{
    const struct module_breaker *breaker = &job->asked.module->breaker;
    char text[MESSAGE_MAX];
    uint64_t ms = module_breaker_retry_ms(breaker, dispatch_now(d));
    int n = snprintf(text, sizeof text, "module %s is not tried for now: %s",
                     job->asked.module->name, breaker->why);
    struct job_event event = {
        .type = JOB_FAILED,
        .fail = FAIL_UNAVAILABLE,
        .message = text,
        .message_len = dispatch_text_len(n, sizeof text),
        .retry_after_ms = ms > RETRY_MIN_MS ? ms : RETRY_MIN_MS,
    };
    dispatch_end(d, job, &event);
    dispatch_touch(d, DISPATCH_WAITING);
}

void dispatch_breaker_take_back(struct dispatcher *d)
{
    struct job *job, *next;
    for (job = TAILQ_FIRST(&d->line.prefetched); job; job = next) {
        next = TAILQ_NEXT(job, links.prefetched);
        if (dispatch_breaker_fails(d, job) && dispatch_line_take(d, job))
            dispatch_breaker_fail(d, job);
    }
}
