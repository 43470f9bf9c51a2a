/* named: jobs, pools and workers named by requests. */
#include "clients/ops/ops.h"

#include "clients/job_ids.h"
#include "jobs/pools.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct dispatcher *client_op_pool(const struct client_session *session, struct request *request)
{
    const char *name = client_request_of(request)->pool.text;
    struct dispatcher *d = pools_named(clients_of(session)->pools, name);
    if (d && !d->removal.removed)
        return d;
    request_refuse(request, "unknown-pool", "there is no pool %s", name);
    return NULL;
}

struct worker *client_op_worker(const struct client_session *session, struct request *request)
{
    uint32_t id = client_request_of(request)->worker;
    struct worker *worker = pools_worker(clients_of(session)->pools, id);
    if (!worker)
        request_refuse(request, "unknown-worker",
                       "there is no worker %" PRIu32 "; it may have ended", id);
    return worker;
}

/* `name`: "BOOT-SEQ", as this server wrote it. */
struct job *client_op_job_named(const struct clients *clients, const char *name)
{
    size_t boot_len = strlen(clients->peers.boot);
    char *end;
    if (strncmp(name, clients->peers.boot, boot_len) != 0 || name[boot_len] != '-')
        return NULL;
    const char *digits = name + boot_len + 1;
    if (*digits < '1' || *digits > '9')
        return NULL;
    errno = 0;
    unsigned long long seq = strtoull(digits, &end, 10);
    if (*end || errno)
        return NULL;
    return pools_find(clients->pools, seq);
}

static struct job *find(const struct client_session *session, const struct client_request *request)
{
    if (request->target.len)
        return client_job_ids_find(session, request->target.text, request->target.len);
    return client_op_job_named(clients_of(session), request->job.text);
}

static void refuse_unknown(struct request *request)
{
    const struct client_request *own = client_request_of(request);
    if (own->target.len)
        request_refuse(
            request, "unknown-job",
            "no job with id %.*s of this connection is waiting or running; it may have ended",
            ID_SHOWN_MAX, own->target.text);
    else
        request_refuse(request, "unknown-job", "no job %s is waiting or running; it may have ended",
                       own->job.text);
}

enum verdict client_op_refuse_job(struct request *request, const char *right)
{
    return request_refuse(request, "denied",
                          "%s of a job that is not its own needs the right %s; this connection's "
                          "token lacks it",
                          request->operation->name, right);
}

struct job *client_op_job(const struct client_session *session, struct request *request)
{
    struct job *job = find(session, client_request_of(request));
    if (!job)
        refuse_unknown(request);
    return job;
}
