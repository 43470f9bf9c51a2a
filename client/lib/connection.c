/* connection: see connection.h. */
#include "connection.h"

#include "deadline.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Bytes read in a turn: a server sending without end cannot keep a call from its deadline. */
enum { READ_MAX = 1024 * 1024 };

void tmc_connection_init(tm_client *client)
{
    tmc_stream_init(&client->stream);
    tmc_inbox_init(&client->inbox);
}

static void free_names(struct tmc_name *name)
{
    while (name) {
        struct tmc_name *next = name->next;
        free(name);
        name = next;
    }
}

void tmc_connection_reset(tm_client *client)
{
    struct tmc_failure failure = client->failure;
    tmc_inbox_free(&client->inbox);
    tmc_reader_free(client->reader);
    tmc_opening_free(client->opening);
    tmc_stream_close(&client->stream);
    free_names(client->names);
    memset(client, 0, sizeof *client);
    tmc_connection_init(client);
    client->failure = failure;
}

tm_client_status tmc_connection_reopen(tm_client *client)
{
    struct tmc_reader *reader = tmc_reader_new();
    if (!reader)
        return tmc_failure_memory(&client->failure);
    tmc_reader_free(client->reader);
    client->reader = reader;
    tmc_stream_close(&client->stream);
    client->ended = TM_CLIENT_OK;
    return TM_CLIENT_OK;
}

tm_client_status tmc_connection_check(tm_client *client)
{
    if (!client->reader || client->advance)
        return tmc_failure_set(&client->failure, TM_CLIENT_INVALID, "the client is not connected");
    if (client->ended != TM_CLIENT_OK) {
        client->failure = client->end;
        return client->ended;
    }
    if (client->stream.write_failed)
        return tmc_failure_set(&client->failure, TM_CLIENT_CLOSED,
                               "the server takes no more requests");
    return TM_CLIENT_OK;
}

/* Ends the connection. The server's last words explain an end better than `words`. */
static void end(tm_client *client, const char *words)
{
    client->ended = TM_CLIENT_CLOSED;
    if (client->inbox.last_words.text[0])
        client->end = client->inbox.last_words;
    else
        tmc_failure_set(&client->end, TM_CLIENT_CLOSED, "%s%s", words,
                        tmc_reader_midway(client->reader) ? ", in the middle of a message" : "");
}

static tm_client_status take_messages(tm_client *client)
{
    struct tmc_message message;
    for (;;) {
        tm_client_status status = tmc_reader_next(client->reader, &message, &client->end);
        if (status != TM_CLIENT_OK || !message.header)
            return status;
        struct tmc_event *event;
        status = tmc_event_take(&message, &event, &client->end);
        if (status != TM_CLIENT_OK)
            return status;
        tmc_inbox_put(&client->inbox, event);
    }
}

/* Adds the number of bytes to `*total`. Returns false if there is no more for now, or never again.
 * A read not filling its room has emptied the socket: this saves a system call a turn. */
static bool read_once(tm_client *client, size_t *total)
{
    size_t room;
    char *target = tmc_reader_room(client->reader, &room);
    if (!target) {
        client->ended = tmc_failure_memory(&client->end);
        return false;
    }
    ssize_t count;
    do
        count = recv(client->stream.fd, target, room, MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);

    if (count == 0)
        end(client, "the server closed the connection");
    else if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
        end(client, strerror(errno));
    if (count <= 0)
        return false;

    tmc_reader_filled(client->reader, (size_t)count);
    client->ended = take_messages(client);
    *total += (size_t)count;
    return client->ended == TM_CLIENT_OK && (size_t)count == room;
}

void tmc_connection_process(tm_client *client)
{
    size_t total = 0;
    if (client->advance && !client->advance(client))
        return;
    tmc_stream_flush(&client->stream);
    while (total < READ_MAX && read_once(client, &total))
        ;
    if (client->advance)
        (void)client->advance(client);
}

short tmc_connection_poll_events(const tm_client *client)
{
    if (client->opening && !client->opening->connected)
        return POLLOUT;
    return tmc_stream_pending(&client->stream) > 0 ? POLLIN | POLLOUT : POLLIN;
}

/* Waits for the socket, then writes and reads. */
static tm_client_status turn(tm_client *client, int64_t deadline)
{
    struct pollfd poll_fd = {.fd = client->stream.fd, .events = tmc_connection_poll_events(client)};
    int count = poll(&poll_fd, 1, tmc_deadline_left_ms(deadline));
    if (count < 0 && errno != EINTR)
        return tmc_failure_set(&client->failure, TM_CLIENT_MEMORY, "poll: %s", strerror(errno));
    if (count > 0)
        tmc_connection_process(client);
    return TM_CLIENT_OK;
}

/* A refusal kept back may have to be given out after all, and another connection begun. */
static bool is_ready(tm_client *client, tmc_condition *ready, uint64_t id, bool waits)
{
    if (ready(client, id))
        return true;
    if (!client->settle)
        return false;
    client->settle(client, waits);
    return ready(client, id);
}

static tm_client_status wait_until(tm_client *client, tmc_condition *ready, uint64_t id,
                                   int64_t deadline, bool waits)
{
    tm_client_status status = TM_CLIENT_OK;
    bool last = false;
    while (!is_ready(client, ready, id, waits)) {
        if (client->ended != TM_CLIENT_OK) {
            client->failure = client->end;
            return client->ended;
        }
        if (last)
            return tmc_failure_set(&client->failure, TM_CLIENT_TIMEOUT,
                                   "the server did not answer in time");
        last = tmc_deadline_passed(deadline);
        if ((status = turn(client, deadline)) != TM_CLIENT_OK)
            return status;
    }
    return TM_CLIENT_OK;
}

tm_client_status tmc_connection_wait(tm_client *client, tmc_condition *ready, uint64_t id,
                                     int64_t deadline)
{
    bool waits = !tmc_deadline_passed(deadline);
    client->inbox.holds = waits && client->settle;
    tm_client_status status = wait_until(client, ready, id, deadline, waits);
    client->inbox.holds = false;
    return status;
}

static bool has_answer(const tm_client *client, uint64_t id)
{
    (void)id;
    return client->inbox.answer != NULL;
}

/* Sends a request and waits for the answer announced by tmc_inbox_await(). */
static tm_client_status ask(tm_client *client, const struct tmc_request *request, const void *data,
                            size_t size, int64_t deadline, struct tmc_event **answer)
{
    tm_client_status status;
    if (tmc_stream_send(&client->stream, request->line, request->len, data, size) < 0)
        status = tmc_failure_memory(&client->failure);
    else
        status = tmc_connection_wait(client, has_answer, 0, deadline);
    *answer = tmc_inbox_take_answer(&client->inbox);
    if (status == TM_CLIENT_OK && (*answer)->shown.type == TM_CLIENT_EVENT_ERROR)
        status = tmc_failure_quote(&client->failure, TM_CLIENT_REFUSED, "the server refused",
                                   &(*answer)->shown);
    if (status != TM_CLIENT_OK) {
        tmc_event_free(*answer);
        *answer = NULL;
    }
    return status;
}

tm_client_status tmc_connection_ask(tm_client *client, const struct tmc_request *request,
                                    const void *data, size_t size, int64_t deadline,
                                    tm_client_event **answer)
{
    struct tmc_event *event;
    tmc_inbox_await(&client->inbox, TMC_AWAITS_ID, ++client->last_id);
    tm_client_status status = ask(client, request, data, size, deadline, &event);
    if (answer)
        *answer = event ? &event->shown : NULL;
    else
        tmc_event_free(event);
    return status;
}

tm_client_status tmc_connection_greet(tm_client *client, const struct tmc_request *hello,
                                      int64_t deadline, struct tmc_event **answer)
{
    tmc_inbox_await(&client->inbox, TMC_AWAITS_HELLO, 0);
    return ask(client, hello, NULL, 0, deadline, answer);
}
