/* client_next: taking the events of jobs, and tm_client_process() for event loops. */
#include "connection.h"
#include "deadline.h"

static bool has_event(const tm_client *client, uint64_t id)
{
    return tmc_inbox_find(&client->inbox, id) != NULL;
}

/* `id` 0: of any job. */
static tm_client_status next(tm_client *client, uint64_t id, int timeout_ms,
                             tm_client_event **event)
{
    *event = NULL;
    if (!client->reader)
        return tmc_failure_set(&client->failure, TM_CLIENT_INVALID, "the client is not connected");
    if (!has_event(client, id) && client->ended == TM_CLIENT_OK && !client->advance &&
        !tmc_inbox_expects(&client->inbox, id))
        return tmc_failure_set(&client->failure, TM_CLIENT_NOTHING, "no job is in flight");

    tm_client_status status =
        tmc_connection_wait(client, has_event, id, tmc_deadline_in(timeout_ms));
    if (status != TM_CLIENT_OK)
        return status;
    struct tmc_event *found = tmc_inbox_find(&client->inbox, id);
    tmc_inbox_take(&client->inbox, found);
    *event = &found->shown;
    return TM_CLIENT_OK;
}

tm_client_status tm_client_next(tm_client *client, int timeout_ms, tm_client_event **event)
{
    return next(client, 0, timeout_ms, event);
}

tm_client_status tm_client_next_for(tm_client *client, uint64_t id, int timeout_ms,
                                    tm_client_event **event)
{
    if (id != 0)
        return next(client, id, timeout_ms, event);
    *event = NULL;
    return tmc_failure_set(&client->failure, TM_CLIENT_NOTHING, "no job has the id 0");
}

tm_client_status tm_client_process(tm_client *client)
{
    if (!client->reader)
        return tmc_failure_set(&client->failure, TM_CLIENT_INVALID, "the client is not connected");
    if (client->ended == TM_CLIENT_OK)
        tmc_connection_process(client);
    if (client->ended != TM_CLIENT_OK)
        client->failure = client->end;
    return client->ended;
}
