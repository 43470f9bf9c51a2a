/* client_connect: from an address to the server's hello, in one call or without waiting. */
#include "address.h"
#include "clean.h"
#include "connection.h"
#include "deadline.h"

#include <errno.h>
#include <string.h>

/* A server with the request "wait" keeps results, also those of the time before a reload. */
static bool keeps_results(const json_t *hello)
{
    size_t i;
    const json_t *name;
    json_array_foreach (json_object_get(hello, "features"), i, name) {
        if (json_is_string(name) && strcmp(json_string_value(name), "wait") == 0)
            return true;
    }
    return false;
}

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
    if (keeps_results(header))
        tmc_reader_allow_any_result(client->reader);
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
    status = tmc_connection_greet(client, &request, deadline, &answer);
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
    client->inbox.listens = options && options->listen;
    client->reader = tmc_reader_new();
    if (!client->reader)
        return tmc_failure_memory(&client->failure);
    return introduce(client, options, deadline);
}

/* A client whose opening has failed may try again. */
static tm_client_status check_unused(tm_client *client, const tm_client_options *options)
{
    if (client->opening && client->ended != TM_CLIENT_OK)
        tmc_connection_reset(client);
    if (client->reader)
        return tmc_failure_set(&client->failure, TM_CLIENT_INVALID,
                               "the client is connected already");
    return options ? tmc_request_check_reserved(options->reserved, sizeof options->reserved,
                                                &client->failure)
                   : TM_CLIENT_OK;
}

tm_client_status tm_client_connect(tm_client *client, const char *address,
                                   const tm_client_options *options, int timeout_ms)
{
    tm_client_status status = check_unused(client, options);
    if (status != TM_CLIENT_OK)
        return status;
    status = open_connection(client, address, options, tmc_deadline_in(timeout_ms));
    if (status != TM_CLIENT_OK)
        tmc_connection_reset(client);
    return status;
}

/* ---- without waiting ---- */

/* Ends the opening without a connection. Returns false. */
static bool give_up(tm_client *client, tm_client_status status)
{
    client->ended = status;
    client->end = client->failure;
    client->advance = NULL;
    return false;
}

/* Begins the connect to the next address. Returns false. */
static bool try_next(tm_client *client, int error)
{
    tmc_stream_close(&client->stream);
    int fd = tmc_opening_next(client->opening, error);
    if (fd < 0)
        return give_up(client, tmc_address_fail(&client->opening->address, errno,
                                                TM_CLIENT_UNREACHABLE, &client->failure));
    tmc_stream_open(&client->stream, fd);
    return false;
}

/* Returns true once the hello is on its way. */
static bool await_socket(tm_client *client)
{
    struct tmc_opening *opening = client->opening;
    enum tmc_opening_state state = tmc_opening_look(client->stream.fd);
    if (state == TMC_OPENING_FAILED)
        return try_next(client, errno);
    if (state == TMC_OPENING_UNDERWAY)
        return false;
    opening->connected = true;
    tmc_inbox_await(&client->inbox, TMC_AWAITS_HELLO, 0);
    if (tmc_stream_send(&client->stream, opening->hello.line, opening->hello.len, NULL, 0) < 0)
        return give_up(client, tmc_failure_memory(&client->failure));
    return true;
}

/* Takes the answer to the hello. Returns true unless the opening has failed. */
static bool take_hello(tm_client *client, struct tmc_event *answer)
{
    tm_client_status status = answer->shown.type == TM_CLIENT_EVENT_ERROR
                                  ? tmc_failure_quote(&client->failure, TM_CLIENT_REFUSED,
                                                      "the server refused", &answer->shown)
                                  : read_hello(client, answer);
    if (status != TM_CLIENT_OK) {
        tmc_event_free(answer);
        return give_up(client, status);
    }
    tmc_inbox_put_hello(&client->inbox, answer);
    tmc_opening_free(client->opening);
    client->opening = NULL;
    client->advance = NULL;
    return true;
}

static bool advance(tm_client *client)
{
    if (!client->opening->connected)
        return await_socket(client);
    if (client->inbox.answer)
        return take_hello(client, tmc_inbox_take_answer(&client->inbox));
    if (client->ended != TM_CLIENT_OK)
        client->advance = NULL;
    return true;
}

/* On any status but OK, the caller resets the client. */
static tm_client_status begin_opening(tm_client *client, const char *address,
                                      const tm_client_options *options)
{
    tm_client_status status = tmc_opening_new(address, &client->opening, &client->failure);
    if (status != TM_CLIENT_OK)
        return status;
    status = tmc_request_hello(&client->opening->hello, options, &client->failure);
    if (status != TM_CLIENT_OK)
        return status;
    client->reader = tmc_reader_new();
    if (!client->reader)
        return tmc_failure_memory(&client->failure);
    client->inbox.listens = options && options->listen;
    client->advance = advance;
    (void)try_next(client, 0);
    return client->ended;
}

tm_client_status tm_client_connect_start(tm_client *client, const char *address,
                                         const tm_client_options *options)
{
    tm_client_status status = check_unused(client, options);
    if (status != TM_CLIENT_OK)
        return status;
    status = begin_opening(client, address, options);
    if (status != TM_CLIENT_OK)
        tmc_connection_reset(client);
    return status;
}
