/* queue_owner: see owner.h. */
#include "queue/clients/owner.h"

#include "base/json_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *queue_owner_name(struct queue_session *session)
{
    const char *name = peer_grant(&session->peer)->name;
    return name ? name : "";
}

static bool has_submitted(const struct queue_session *session, const struct kept *job)
{
    struct kept_follower *kept;
    LIST_FOREACH (kept, &job->followers, link)
        if (kept->is_submit && queue_follower_of(kept)->session == session)
            return true;
    return false;
}

bool queue_owner_is(struct queue_session *session, const struct kept *job)
{
    const char *name = queue_owner_name(session);
    return (*name && strcmp(name, job->stored->wish.owner) == 0) || has_submitted(session, job);
}

bool queue_owner_may_end(struct queue_session *session, const struct kept *job)
{
    return peer_grant(&session->peer)->rights & RIGHT_CONTROL || queue_owner_is(session, job);
}

bool queue_owner_may_see(struct queue_session *session, const struct kept *job)
{
    return peer_grant(&session->peer)->rights & RIGHT_OBSERVE || queue_owner_is(session, job);
}

void queue_owner_write_by(struct queue_session *session, const struct kept *job, char *text,
                          size_t size)
{
    const char *name = peer_owner(&session->peer);
    struct json_writer json;
    bool is_own = job && queue_owner_is(session, job);
    json_writer_open(&json);
    json_writer_text(&json, "by", is_own ? "submitter" : "client");
    if (name && !is_own)
        json_writer_text(&json, "by_name", name);
    char *fields = json_writer_close(&json);
    snprintf(text, size, ",%s", fields);
    free(fields);
}
