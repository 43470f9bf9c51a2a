/*
 * client_job_ids: the unfinished jobs of all sessions, by session and id. A client chooses its
 * ids, so they are hashed under a secret key: no client can choose colliding ones.
 */
#include "clients/job_ids.h"
#include "clients/clients_internal.h"

#include "base/hash.h"

#include <string.h>

static struct job *job_of(struct hash_node *node)
{
    return (struct job *)((char *)node - offsetof(struct job, links.by_id));
}

static uint64_t hash_of(const struct client_session *session, const char *id, size_t len)
{
    return siphash(id, len, session->peer.number);
}

static struct job *find(const struct client_session *session, const char *id, size_t len,
                        uint64_t hash)
{
    struct hash_node *node = hash_first(&clients_of(session)->jobs_by_id, hash);
    for (; node; node = hash_next(node)) {
        struct job *job = job_of(node);
        if (job->source == &session->source && job->asked.id_len == len &&
            memcmp(job_id(job), id, len) == 0)
            return job;
    }
    return NULL;
}

struct job *client_job_ids_find(const struct client_session *session, const char *id, size_t len)
{
    return find(session, id, len, hash_of(session, id, len));
}

bool client_job_ids_add(struct client_session *session, struct job *job)
{
    uint64_t hash = hash_of(session, job_id(job), job->asked.id_len);
    if (find(session, job_id(job), job->asked.id_len, hash))
        return false;
    hash_insert(&clients_of(session)->jobs_by_id, &job->links.by_id, hash);
    return true;
}

void client_job_ids_on_left(struct job_source *source, struct job *job)
{
    hash_remove(&clients_of(client_session_of_source(source))->jobs_by_id, &job->links.by_id);
}
