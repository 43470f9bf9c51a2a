/* client_owner: see owner.h. */
#include "clients/owner.h"

#include <string.h>

bool client_owner_is(struct client_session *session, const struct job *job)
{
    const char *name = peer_grant(&session->peer)->name, *owner = job_owner(job);
    return job->source == &session->source || (name && owner && strcmp(name, owner) == 0);
}

bool client_owner_may_end(struct client_session *session, const struct job *job)
{
    unsigned rights = peer_grant(&session->peer)->rights;
    bool relayed = job->asked.origin && job->asked.origin->relayed;
    return rights & RIGHT_CONTROL || (rights & RIGHT_RELAY && relayed) ||
           client_owner_is(session, job);
}

bool client_owner_may_see(struct client_session *session, const struct job *job)
{
    return peer_grant(&session->peer)->rights & RIGHT_OBSERVE || client_owner_is(session, job);
}

void client_owner_note(struct client_session *session, struct job *job)
{
    if (client_owner_is(session, job))
        job_set_by(job, BY_SUBMITTER, NULL);
    else
        job_set_by(job, BY_CLIENT, peer_owner(&session->peer));
}
