/* client_connect: from an address to the server's hello, in one call or without waiting. */
#include "address.h"
#include "approach.h"
#include "deadline.h"
#include "hello.h"
#include "renewal.h"

static tm_client_status introduce(tm_client *client, const char *address,
                                  const tm_client_options *options, int64_t deadline)
{
    struct tmc_request request;
    struct tmc_event *answer;
    tm_client_status status = tmc_request_hello(&request, options, &client->failure);
    if (status != TM_CLIENT_OK)
        return status;
    status = tmc_connection_greet(client, &request, deadline, &answer);
    if (status == TM_CLIENT_OK)
        status = tmc_hello_read(client, answer);
    if (status == TM_CLIENT_OK)
        status = tmc_renewal_prepare(client, address, &request);
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
    return introduce(client, address, options, deadline);
}

static void forget(tm_client *client)
{
    tmc_renewal_free(client);
    tmc_connection_reset(client);
}

/* A client whose opening has failed may try again. */
static tm_client_status check_unused(tm_client *client, const tm_client_options *options)
{
    if (client->opening && client->ended != TM_CLIENT_OK)
        forget(client);
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
        forget(client);
    return status;
}

/* ---- without waiting ---- */

/* The opening has ended. Takes the answer to the hello. */
static void opened(tm_client *client, tm_client_status status, struct tmc_event *hello)
{
    if (status != TM_CLIENT_OK) {
        client->ended = status;
        client->end = client->failure;
        return;
    }
    tmc_inbox_put_hello(&client->inbox, hello);
    tmc_opening_free(client->opening);
    client->opening = NULL;
}

/* On any status but OK, the caller resets the client. */
static tm_client_status begin_opening(tm_client *client, const char *address,
                                      const tm_client_options *options)
{
    tm_client_status status = tmc_opening_new(address, &client->opening, &client->failure);
    if (status != TM_CLIENT_OK)
        return status;
    client->inbox.listens = options && options->listen;
    status = tmc_request_hello(&client->opening->hello, options, &client->failure);
    if (status == TM_CLIENT_OK)
        status = tmc_renewal_prepare(client, address, &client->opening->hello);
    if (status != TM_CLIENT_OK)
        return status;
    client->reader = tmc_reader_new();
    if (!client->reader)
        return tmc_failure_memory(&client->failure);
    tmc_approach_begin(client, opened);
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
        forget(client);
    return status;
}
