/* client_owner: see owner.h. */
#include "clients/owner.h"

#include "clients/tokens.h"

#include <string.h>

bool client_owner_is(struct client_session *session, const struct job *job)
{
    const char *name = client_tokens_grant(session)->name, *owner = job_owner(job);
    return job->source == &session->source || (name && owner && strcmp(name, owner) == 0);
}

bool client_owner_may_end(struct client_session *session, const struct job *job)
{
    unsigned rights = client_tokens_grant(session)->rights;
    bool relayed = job->asked.origin && job->asked.origin->relayed;
    return rights & RIGHT_CONTROL || (rights & RIGHT_RELAY && relayed) ||
           client_owner_is(session, job);
}

bool client_owner_may_see(struct client_session *session, const struct job *job)
{
    return client_tokens_grant(session)->rights & RIGHT_OBSERVE || client_owner_is(session, job);
}

const char *client_owner_name(struct client_session *session)
{
    const char *name = client_tokens_grant(session)->name;
    return name ? name : session->client;
}

void client_owner_note(struct client_session *session, struct job *job)
{
    if (client_owner_is(session, job))
        job_set_by(job, BY_SUBMITTER, NULL);
    else
        job_set_by(job, BY_CLIENT, client_owner_name(session));
}
