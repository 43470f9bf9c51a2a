/*
 * client_requests: each call sends a request and waits for its answer.
 *
 * To add an operation: its declaration in client.h, and a function here of one statement, with the
 * operation's name and its fields. A new kind of answer is a row in event_kind.c.
 */
#include "connection.h"
#include "deadline.h"

/* `fields` ends with an empty one; NULL: none. */
static tm_client_status ask(tm_client *client, const char *op,
                            const struct tmc_request_field *fields, int timeout_ms,
                            tm_client_event **answer)
{
    struct tmc_request request;
    struct tmc_event *event = NULL;
    uint64_t id = client->last_id + 1;
    if (answer)
        *answer = NULL;
    tm_client_status status = tmc_connection_check(client);
    if (status == TM_CLIENT_OK)
        status = tmc_request_plain(&request, op, id, fields, &client->failure);
    if (status != TM_CLIENT_OK)
        return status;

    client->last_id = id;
    tmc_inbox_await(&client->inbox, TMC_AWAITS_ID, id);
    status = tmc_connection_ask(client, &request, tmc_deadline_in(timeout_ms), &event);
    if (answer && event)
        *answer = &event->shown;
    else
        tmc_event_free(event);
    return status;
}

static tm_client_status ask_text(tm_client *client, const char *op, const char *key,
                                 const char *text, int timeout_ms, tm_client_event **answer)
{
    const struct tmc_request_field fields[] = {{.key = key, .text = text}, {0}};
    return ask(client, op, fields, timeout_ms, answer);
}

static tm_client_status ask_number(tm_client *client, const char *op, const char *key,
                                   uint64_t number, int timeout_ms, tm_client_event **answer)
{
    const struct tmc_request_field fields[] = {{.key = key, .number = number}, {0}};
    return ask(client, op, fields, timeout_ms, answer);
}

tm_client_status tm_client_ping(tm_client *client, int timeout_ms)
{
    return ask(client, "ping", NULL, timeout_ms, NULL);
}

tm_client_status tm_client_set_module(tm_client *client, const char *module, int timeout_ms)
{
    return ask_text(client, "set", "module", module, timeout_ms, NULL);
}

tm_client_status tm_client_stats(tm_client *client, int timeout_ms, tm_client_event **answer)
{
    return ask(client, "stats", NULL, timeout_ms, answer);
}

tm_client_status tm_client_workers(tm_client *client, int timeout_ms, tm_client_event **answer)
{
    return ask(client, "workers", NULL, timeout_ms, answer);
}

tm_client_status tm_client_crashes(tm_client *client, const char *module, int timeout_ms,
                                   tm_client_event **answer)
{
    return ask_text(client, "crashes", "module", module, timeout_ms, answer);
}

tm_client_status tm_client_cancel(tm_client *client, const char *job, int timeout_ms,
                                  tm_client_event **answer)
{
    return ask_text(client, "cancel", "job", job, timeout_ms, answer);
}

tm_client_status tm_client_cancel_id(tm_client *client, uint64_t id, int timeout_ms,
                                     tm_client_event **answer)
{
    return ask_number(client, "cancel", "target", id, timeout_ms, answer);
}

tm_client_status tm_client_kill(tm_client *client, const char *job, int timeout_ms,
                                tm_client_event **answer)
{
    return ask_text(client, "kill", "job", job, timeout_ms, answer);
}

tm_client_status tm_client_kill_id(tm_client *client, uint64_t id, int timeout_ms,
                                   tm_client_event **answer)
{
    return ask_number(client, "kill", "target", id, timeout_ms, answer);
}
