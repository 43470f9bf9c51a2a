/* connection: see connection.h. */
#include "connection.h"

#include "deadline.h"
#include "event_kind.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Bytes that one turn reads at most, so that a server that never stops sending cannot keep a call
 * from looking at its deadline. */
enum { READ_MAX = 1024 * 1024 };

/* Errors without an id that are kept for the caller. */
enum { UNCLAIMED_MAX = 64 };

static void free_events(tm_client *client)
{
    struct tmc_event *event;
    while ((event = STAILQ_FIRST(&client->events))) {
        STAILQ_REMOVE_HEAD(&client->events, entry);
        tmc_event_free(event);
    }
}

void tmc_connection_reset(tm_client *client)
{
    struct tmc_failure failure = client->failure;
    free_events(client);
    tmc_event_free(client->answer);
    tmc_jobs_free(&client->jobs);
    tmc_reader_free(client->reader);
    tmc_stream_close(&client->stream);
    free(client->server);
    memset(client, 0, sizeof *client);
    tmc_stream_init(&client->stream);
    STAILQ_INIT(&client->events);
    client->failure = failure;
}

/* The server's last words explain an end better than the end itself does. */
static void end(tm_client *client, tm_client_status status, const char *what)
{
    client->ended = status;
    if (client->fatal.text[0]) {
        client->end = client->fatal;
        return;
    }
    tmc_failure_set(&client->end, status, "%s%s", what,
                    tmc_reader_midway(client->reader) ? ", in the middle of a message" : "");
}

/* What an error event says, behind a few words of ours. */
static void quote(struct tmc_failure *failure, tm_client_status status, const char *words,
                  const tm_client_event *event)
{
    const char *code = event->code ? event->code : "error";
    tmc_failure_set(failure, status, "%s: %s: %s", words, code,
                    event->message ? event->message : "");
    snprintf(failure->code, sizeof failure->code, "%s", code);
    snprintf(failure->event, sizeof failure->event, "%s", event->header);
}

static bool is_awaited(const tm_client *client, const tm_client_event *event)
{
    switch (client->awaits) {
    case AWAITS_NOTHING:
        return false;
    case AWAITS_HELLO:
        return event->type == TMC_EVENT_HELLO || event->type == TM_CLIENT_EVENT_ERROR;
    case AWAITS_ID:
        return event->id == client->awaited_id;
    }
    return false;
}

/* Whether the event is one that its job may have now: each comes once, so that what is queued for a
 * caller who is slow to take it stays in proportion to the jobs. */
static bool is_due(struct tmc_job *job, const tm_client_event *event)
{
    enum tmc_event_role role = tmc_event_kind_of(event->type)->role;
    unsigned bit = 1u << event->type;
    if (role != TMC_EVENT_ONCE)
        return role == TMC_EVENT_FINAL;
    bool first = !(job->came & bit);
    job->came |= bit;
    return first;
}

/* An error that names no request of ours; of those that nobody takes, the first few will do. */
static bool is_unclaimed(const tm_client *client, const tm_client_event *event)
{
    return event->type == TM_CLIENT_EVENT_ERROR && event->id == 0 && !event->fatal &&
           client->unclaimed < UNCLAIMED_MAX;
}

/* Takes the event: to the call that waits for it, into the queue, or away. */
static void sort_event(tm_client *client, struct tmc_event *event)
{
    tm_client_event *shown = &event->shown;
    if (shown->fatal)
        quote(&client->fatal, TM_CLIENT_CLOSED, "the server ended the connection", shown);
    if (!client->answer && is_awaited(client, shown)) {
        client->answer = event;
        return;
    }

    struct tmc_job *job = tmc_jobs_find(&client->jobs, shown->id);
    if (job ? !is_due(job, shown) : !is_unclaimed(client, shown)) {
        tmc_event_free(event);
        return;
    }
    if (job)
        shown->user = job->user;
    else
        client->unclaimed++;
    if (job && tm_client_event_is_final(shown))
        tmc_jobs_remove(&client->jobs, job);
    STAILQ_INSERT_TAIL(&client->events, event, entry);
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
        if (event)
            sort_event(client, event);
    }
}

/* Adds to `*total` what came. False: no more for now, or never again. A read that does not fill its
 * room has emptied the socket; asking it again would cost a system call a turn. */
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
        end(client, TM_CLIENT_CLOSED, "the server closed the connection");
    else if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
        end(client, TM_CLIENT_CLOSED, strerror(errno));
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
    tmc_stream_flush(&client->stream);
    while (total < READ_MAX && read_once(client, &total))
        ;
}

short tmc_connection_poll_events(const tm_client *client)
{
    return tmc_stream_pending(&client->stream) > 0 ? POLLIN | POLLOUT : POLLIN;
}

/* Waits until the socket is ready, and processes. */
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

tm_client_status tmc_connection_wait(tm_client *client, tmc_condition *ready, uint64_t id,
                                     int64_t deadline)
{
    tm_client_status status = TM_CLIENT_OK;
    bool last = false;
    while (!ready(client, id)) {
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

static bool has_answer(const tm_client *client, uint64_t id)
{
    (void)id;
    return client->answer != NULL;
}

tm_client_status tmc_connection_ask(tm_client *client, const struct tmc_request *request,
                                    int64_t deadline, struct tmc_event **answer)
{
    tm_client_status status;
    if (tmc_stream_send(&client->stream, request->line, request->len, NULL, 0) < 0)
        status = tmc_failure_memory(&client->failure);
    else
        status = tmc_connection_wait(client, has_answer, 0, deadline);
    *answer = client->answer;
    client->answer = NULL;
    client->awaits = AWAITS_NOTHING;
    if (status == TM_CLIENT_OK && (*answer)->shown.type == TM_CLIENT_EVENT_ERROR) {
        status = TM_CLIENT_REFUSED;
        quote(&client->failure, status, "the server refused", &(*answer)->shown);
    }
    if (status != TM_CLIENT_OK) {
        tmc_event_free(*answer);
        *answer = NULL;
    }
    return status;
}
