/* kept_late: what the master tells of a job while the job is being written. The pass looks at it
 * when the operation has ended. */
#include "queue/kept/kept_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

static struct kept_late *late_of(struct kept *job)
{
    bug_on(job->late);
    job->late = xcalloc(1, sizeof *job->late);
    return job->late;
}

static const char *copy(char **at, const char *text)
{
    size_t len = strlen(text) + 1;
    char *to = memcpy(*at, text, len);
    *at += len;
    return to;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

void kept_late_end(struct kept *job, const struct kept_end *end)
{
    struct kept_late *late = late_of(job);
    const char *reason = or_empty(end->reason), *message = or_empty(end->message),
               *fields = or_empty(end->fields);
    char *at = xmalloc(strlen(reason) + strlen(message) + strlen(fields) + 3);
    late->texts = at;
    late->has_end = true;
    late->end = *end;
    late->end.reason = copy(&at, reason);
    late->end.message = copy(&at, message);
    late->end.fields = copy(&at, fields);
}

void kept_late_lost(struct kept *job, bool begun)
{
    late_of(job)->begun = begun;
}

void kept_late_free(struct kept_late *late)
{
    free(late->texts);
    free(late);
}
