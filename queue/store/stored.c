/* stored: see stored.h. */
#include "queue/store/stored.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

static size_t room_for(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

/* Copies the text to `*at`, and moves `*at` behind it. */
static const char *put(char **at, const char *text)
{
    size_t len = room_for(text);
    char *copy = *at;
    if (!text)
        return NULL;
    memcpy(copy, text, len);
    *at += len;
    return copy;
}

struct stored_job *stored_job_new(const struct stored_wish *wish)
{
    size_t room = room_for(wish->module) + room_for(wish->owner) + room_for(wish->id) +
                  room_for(wish->context) + room_for(wish->key);
    struct stored_job *job = xcalloc(1, sizeof *job + room);
    char *at = (char *)(job + 1);
    job->wish = *wish;
    job->wish.module = put(&at, wish->module);
    job->wish.owner = put(&at, wish->owner);
    job->wish.id = put(&at, wish->id);
    job->wish.context = put(&at, wish->context);
    job->wish.key = put(&at, wish->key);
    return job;
}

void stored_job_set_outcome(struct stored_job *job, const struct stored_outcome *outcome)
{
    char *texts = xmalloc(room_for(outcome->reason) + room_for(outcome->fields) + 1), *at = texts;
    struct stored_outcome copy = *outcome;
    copy.reason = put(&at, outcome->reason);
    copy.fields = put(&at, outcome->fields);
    free(job->outcome_texts);
    job->outcome = copy;
    job->outcome_texts = texts;
}

void stored_job_free(struct stored_job *job)
{
    if (!job)
        return;
    free(job->input.data);
    free(job->result.data);
    free(job->outcome_texts);
    free(job);
}
