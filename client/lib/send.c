/* send: see send.h. */
#include "send.h"

#include "deadline.h"

/* While more bytes wait to be sent, a request waits: this bounds the memory of a client submitting
 * without end. */
enum { OUTPUT_MAX = 256 * 1024 };

static bool has_room(const tm_client *client, uint64_t id)
{
    (void)id;
    return tmc_stream_pending(&client->stream) <= OUTPUT_MAX;
}

static bool is_sent(const tm_client *client, uint64_t id)
{
    (void)id;
    return tmc_stream_pending(&client->stream) == 0;
}

tm_client_status tmc_send_check_payload(tm_client *client, const void *data, size_t size)
{
    if (!data && size > 0)
        return tmc_failure_set(&client->failure, TM_CLIENT_INVALID,
                               "there is no payload of %zu bytes", size);
    if (size > client->payload_max)
        return tmc_failure_set(&client->failure, TM_CLIENT_INVALID,
                               "a payload of %zu bytes; the server takes at most %zu", size,
                               client->payload_max);
    return TM_CLIENT_OK;
}

/* Without time, write and do not read: an event read here would be queued behind the back of the
 * caller's event loop. */
static tm_client_status await_output(tm_client *client, tmc_condition *ready, int64_t deadline,
                                     bool at_once)
{
    if (!at_once)
        return tmc_connection_wait(client, ready, 0, deadline);
    tmc_stream_flush(&client->stream);
    if (ready(client, 0))
        return TM_CLIENT_OK;
    return tmc_failure_set(&client->failure, TM_CLIENT_TIMEOUT,
                           "earlier requests still wait to be sent");
}

tm_client_status tmc_send(tm_client *client, const struct tmc_request *request, const void *data,
                          size_t size, const struct tmc_job *job, int timeout_ms)
{
    int64_t deadline = tmc_deadline_in(timeout_ms);
    tm_client_status status = await_output(client, has_room, deadline, timeout_ms == 0);
    if (status != TM_CLIENT_OK)
        return status;

    if (tmc_jobs_reserve(&client->inbox.jobs) < 0 ||
        tmc_stream_send(&client->stream, request->line, request->len, data, size) < 0)
        return tmc_failure_memory(&client->failure);
    client->last_id = job->id;
    tmc_jobs_add(&client->inbox.jobs, job);
    /* From here on the job is on its way: tm_client_next() reports an end of the connection. */
    (void)await_output(client, is_sent, deadline, timeout_ms == 0);
    return TM_CLIENT_OK;
}
