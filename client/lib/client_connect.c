/* client_connect: tm_client_connect(), from an address to the server's hello. */
#include "address.h"
#include "clean.h"
#include "connection.h"
#include "deadline.h"

#include <string.h>

/* Keeps the server's name and limits. */
static tm_client_status read_hello(tm_client *client, const struct tmc_event *event)
{
    const json_t *header = event->message.header;
    json_int_t protocol = json_integer_value(json_object_get(header, "protocol"));
    const char *server = json_string_value(json_object_get(header, "server"));
    const json_t *payload_max = json_object_get(header, "payload_max");
    if (protocol != PROTOCOL_VERSION || !server || !json_is_integer(payload_max) ||
        json_integer_value(payload_max) < 0)
        return tmc_failure_set(&client->failure, TM_CLIENT_PROTOCOL,
                               "no taskmasterd with protocol %d answers", PROTOCOL_VERSION);
    client->payload_max = (size_t)json_integer_value(payload_max);
    if (client->payload_max > PAYLOAD_SIZE_MAX) /* no setting of a server allows more */
        client->payload_max = PAYLOAD_SIZE_MAX;
    tmc_reader_set_payload_max(client->reader, client->payload_max);
    client->server = strdup(server);
    if (!client->server)
        return tmc_failure_memory(&client->failure);
    tmc_clean(client->server);
    return TM_CLIENT_OK;
}

static tm_client_status introduce(tm_client *client, const tm_client_options *options,
                                  int64_t deadline)
{
    struct tmc_request request;
    struct tmc_event *answer;
    tm_client_status status = tmc_request_hello(&request, options, &client->failure);
    if (status != TM_CLIENT_OK)
        return status;
    tmc_inbox_await(&client->inbox, TMC_AWAITS_HELLO, 0);
    status = tmc_connection_ask(client, &request, deadline, &answer);
    if (status == TM_CLIENT_OK)
        status = read_hello(client, answer);
    tmc_event_free(answer);
    return status;
}

static tm_client_status open_connection(tm_client *client, const char *address,
                                        const tm_client_options *options, int64_t deadline)
{
    struct tmc_address parsed;
    int fd;
    tm_client_status status = tmc_address_parse(address, &parsed, &client->failure);
    if (status == TM_CLIENT_OK)
        status = tmc_address_connect(&parsed, deadline, &fd, &client->failure);
    if (status != TM_CLIENT_OK)
        return status;
    tmc_stream_open(&client->stream, fd);
    client->reader = tmc_reader_new();
    if (!client->reader)
        return tmc_failure_memory(&client->failure);
    return introduce(client, options, deadline);
}

tm_client_status tm_client_connect(tm_client *client, const char *address,
                                   const tm_client_options *options, int timeout_ms)
{
    if (client->reader)
        return tmc_failure_set(&client->failure, TM_CLIENT_INVALID,
                               "the client is connected already");
    if (options && tmc_request_check_reserved(options->reserved, sizeof options->reserved,
                                              &client->failure) != TM_CLIENT_OK)
        return TM_CLIENT_INVALID;
    tm_client_status status =
        open_connection(client, address, options, tmc_deadline_in(timeout_ms));
    if (status != TM_CLIENT_OK)
        tmc_connection_reset(client);
    return status;
}
