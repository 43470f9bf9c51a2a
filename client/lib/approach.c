/* approach: see approach.h. */
#include "approach.h"

#include "hello.h"

#include <errno.h>

/* Returns false if there is nothing to read or write. */
static bool end(tm_client *client, tm_client_status status, struct tmc_event *hello)
{
    tmc_opening_over *over = client->opening->over;
    client->advance = NULL;
    over(client, status, hello);
    return status == TM_CLIENT_OK;
}

/* Begins the connect to the next address. Returns false. */
static bool try_next(tm_client *client, int error)
{
    tmc_stream_close(&client->stream);
    int fd = tmc_opening_next(client->opening, error);
    if (fd < 0)
        return end(client,
                   tmc_address_fail(&client->opening->address, errno, TM_CLIENT_UNREACHABLE,
                                    &client->failure),
                   NULL);
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
        return end(client, tmc_failure_memory(&client->failure), NULL);
    return true;
}

/* Takes the answer to the hello. Returns true unless the opening has failed. */
static bool take_hello(tm_client *client, struct tmc_event *answer)
{
    tm_client_status status = answer->shown.type == TM_CLIENT_EVENT_ERROR
                                  ? tmc_failure_quote(&client->failure, TM_CLIENT_REFUSED,
                                                      "the server refused", &answer->shown)
                                  : tmc_hello_read(client, answer);
    if (status == TM_CLIENT_OK)
        return end(client, status, answer);
    tmc_event_free(answer);
    return end(client, status, NULL);
}

static bool advance(tm_client *client)
{
    if (!client->opening->connected)
        return await_socket(client);
    if (client->inbox.answer)
        return take_hello(client, tmc_inbox_take_answer(&client->inbox));
    if (client->ended == TM_CLIENT_OK)
        return true;
    client->failure = client->end;
    return end(client, client->ended, NULL);
}

void tmc_approach_begin(tm_client *client, tmc_opening_over *over)
{
    client->opening->over = over;
    client->advance = advance;
    (void)try_next(client, 0);
}
