/* client_ask: any request by its name, with its answer as an event or awaited. */
#include "deadline.h"
#include "renewal.h"
#include "send.h"

#include <stdlib.h>
#include <string.h>

static tm_client_status prepare(tm_client *client, struct tmc_request *request, const char *op,
                                const char *fields, const void *data, size_t size, int timeout_ms,
                                bool *detached)
{
    tm_client_status status = tmc_renewal_check(client, timeout_ms);
    if (status == TM_CLIENT_OK)
        status = tmc_send_check_payload(client, data, size);
    if (status == TM_CLIENT_OK)
        status = tmc_request_any(request, op, client->last_id + 1, fields, size, detached,
                                 &client->failure);
    if (status == TM_CLIENT_OK)
        tmc_renewal_note(client, op, request);
    return status;
}

/* A request answered by the events of a job. */
static bool is_of_job(const char *op)
{
    return strcmp(op, "submit") == 0 || strcmp(op, "wait") == 0;
}

/* The server sends no more than the fields of the request ask for. */
static void make_job(struct tmc_job *job, bool detached)
{
    job->is_request = false;
    job->wanted = 1u << TM_CLIENT_EVENT_STARTED | 1u << TM_CLIENT_EVENT_PROGRESS |
                  1u << TM_CLIENT_EVENT_PART | 1u << TM_CLIENT_EVENT_RETRY;
    job->last = detached ? 1u << TM_CLIENT_EVENT_ACCEPTED : 0;
}

tm_client_status tm_client_request(tm_client *client, const char *op, const char *fields,
                                   const void *data, size_t size, void *user, int timeout_ms,
                                   uint64_t *id)
{
    struct tmc_request request;
    bool detached;
    tm_client_status status =
        prepare(client, &request, op, fields, data, size, timeout_ms, &detached);
    if (status != TM_CLIENT_OK)
        return status;
    struct tmc_job job = {.id = client->last_id + 1, .user = user, .is_request = true};
    if (is_of_job(op))
        make_job(&job, detached);
    if (strcmp(op, "submit") == 0)
        job.kept = tmc_renewal_keep(client, &request, data, size, timeout_ms);
    status = tmc_send(client, &request, data, size, &job, timeout_ms);
    if (status != TM_CLIENT_OK)
        free(job.kept);
    if (status == TM_CLIENT_OK && id)
        *id = job.id;
    return status;
}

tm_client_status tm_client_ask(tm_client *client, const char *op, const char *fields,
                               const void *data, size_t size, int timeout_ms,
                               tm_client_event **answer)
{
    struct tmc_request request;
    bool detached;
    if (answer)
        *answer = NULL;
    if (is_of_job(op))
        return tmc_failure_set(&client->failure, TM_CLIENT_INVALID,
                               "a job has no single answer: see tm_client_request()");
    tm_client_status status =
        prepare(client, &request, op, fields, data, size, timeout_ms, &detached);
    if (status != TM_CLIENT_OK)
        return status;
    return tmc_connection_ask(client, &request, data, size, tmc_deadline_in(timeout_ms), answer);
}
