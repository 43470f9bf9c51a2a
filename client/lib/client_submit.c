/* client_submit: tm_client_submit(). */
#include "renewal.h"
#include "send.h"

#include <stdlib.h>

/* Members stand in the place of reserved ones: a program compiled before still fits. */
_Static_assert(sizeof(void *) != 8 || sizeof(tm_client_submit_options) == 64, "size is fixed");
_Static_assert(sizeof(void *) != 8 || sizeof(tm_client_options) == 64, "size is fixed");

/* Builds the request. Sends nothing. */
static tm_client_status prepare(tm_client *client, struct tmc_request *request, const char *module,
                                const void *data, size_t size,
                                const tm_client_submit_options *options, int timeout_ms)
{
    tm_client_status status = tmc_renewal_check(client, timeout_ms);
    if (status == TM_CLIENT_OK)
        status = tmc_send_check_payload(client, data, size);
    if (status == TM_CLIENT_OK && options)
        status = tmc_request_check_reserved(options->reserved, sizeof options->reserved,
                                            &client->failure);
    if (status == TM_CLIENT_OK && options && options->relay)
        status = tmc_request_check_reserved(options->relay->reserved,
                                            sizeof options->relay->reserved, &client->failure);
    if (status == TM_CLIENT_OK)
        status = tmc_request_submit(request, client->last_id + 1, module, size, options,
                                    &client->failure);
    return status;
}

/* A job that is run again is started again. */
static unsigned wanted_by(uint32_t notify)
{
    static const struct {
        uint32_t bit;
        tm_client_event_type type;
    } repeated[] = {
        {TM_CLIENT_NOTIFY_STARTED, TM_CLIENT_EVENT_STARTED},
        {TM_CLIENT_NOTIFY_PROGRESS, TM_CLIENT_EVENT_PROGRESS},
        {TM_CLIENT_NOTIFY_PART, TM_CLIENT_EVENT_PART},
        {TM_CLIENT_NOTIFY_RETRY, TM_CLIENT_EVENT_RETRY},
    };
    unsigned wanted = 0;
    for (size_t i = 0; i < sizeof repeated / sizeof repeated[0]; i++)
        if (notify & repeated[i].bit)
            wanted |= 1u << repeated[i].type;
    return wanted;
}

static struct tmc_job job_of(uint64_t id, const tm_client_submit_options *options)
{
    struct tmc_job job = {.id = id};
    if (!options)
        return job;
    job.user = options->user;
    job.wanted = wanted_by(options->notify);
    if (options->detach || options->service)
        job.last = 1u << TM_CLIENT_EVENT_ACCEPTED;
    return job;
}

tm_client_status tm_client_submit(tm_client *client, const char *module, const void *data,
                                  size_t size, const tm_client_submit_options *options,
                                  int timeout_ms, uint64_t *id)
{
    struct tmc_request request;
    tm_client_status status = prepare(client, &request, module, data, size, options, timeout_ms);
    if (status != TM_CLIENT_OK)
        return status;
    struct tmc_job job = job_of(client->last_id + 1, options);
    job.kept = tmc_renewal_keep(client, &request, data, size, timeout_ms);
    status = tmc_send(client, &request, data, size, &job, timeout_ms);
    if (status != TM_CLIENT_OK)
        free(job.kept);
    if (status == TM_CLIENT_OK && id)
        *id = job.id;
    return status;
}
