/* client: the calls of taskmaster/client.h. */
#include "taskmaster/client.h"

#include "address.h"
#include "clean.h"
#include "connection.h"
#include "deadline.h"
#include "taskmaster/version.h"

#include <stdlib.h>
#include <string.h>

/* While more than this waits to be sent, a submit waits as well: it bounds what a client that only
 * submits can pile up. */
enum { OUTPUT_MAX = 256 * 1024 };

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

const char *tm_client_version(void)
{
    return TASKMASTER_VERSION;
}

const char *tm_client_status_name(tm_client_status status)
{
    static const char *const names[] = {
        [TM_CLIENT_OK] = "ok",           [TM_CLIENT_TIMEOUT] = "timeout",
        [TM_CLIENT_NOTHING] = "nothing", [TM_CLIENT_INVALID] = "invalid",
        [TM_CLIENT_REFUSED] = "refused", [TM_CLIENT_UNREACHABLE] = "unreachable",
        [TM_CLIENT_CLOSED] = "closed",   [TM_CLIENT_PROTOCOL] = "protocol",
        [TM_CLIENT_MEMORY] = "memory",
    };
    size_t index = (size_t)status;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}

tm_client *tm_client_new(void)
{
    tm_client *client = calloc(1, sizeof *client);
    if (!client)
        return NULL;
    tmc_connection_init(client);
    return client;
}

void tm_client_free(tm_client *client)
{
    if (!client)
        return;
    tmc_connection_reset(client);
    free(client);
}

const char *tm_client_error(const tm_client *client)
{
    return client->failure.text;
}

const char *tm_client_error_code(const tm_client *client)
{
    return client->failure.code;
}

const char *tm_client_error_event(const tm_client *client)
{
    return client->failure.event;
}

const char *tm_client_server(const tm_client *client)
{
    return client->server ? client->server : "";
}

size_t tm_client_payload_max(const tm_client *client)
{
    return client->payload_max;
}

size_t tm_client_in_flight(const tm_client *client)
{
    return client->inbox.jobs.count;
}

int tm_client_fd(const tm_client *client)
{
    return client->stream.fd;
}

short tm_client_poll_events(const tm_client *client)
{
    return tmc_connection_poll_events(client);
}

/* What a later release means by a member that is reserved now cannot be done by this one: it says
 * so rather than leave it out. */
static tm_client_status check_reserved(tm_client *client, const uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (words[i])
            return tmc_failure_set(&client->failure, TM_CLIENT_INVALID,
                                   "a reserved member of the options is not zero");
    return TM_CLIENT_OK;
}

/* ---- connecting ---- */

/* Keeps what the server says of itself. */
static tm_client_status read_hello(tm_client *client, const struct tmc_event *event)
{
    const json_t *header = event->message.header;
    json_int_t protocol = json_integer_value(json_object_get(header, "protocol"));
    const char *server = json_string_value(json_object_get(header, "server"));
    const json_t *payload_max = json_object_get(header, "payload_max");
    if (protocol != PROTOCOL_VERSION || !server || !json_is_integer(payload_max) ||
        json_integer_value(payload_max) < 0)
        return tmc_failure_set(&client->failure, TM_CLIENT_PROTOCOL,
                               "what answers is no taskmasterd of protocol %d", PROTOCOL_VERSION);
    client->payload_max = (size_t)json_integer_value(payload_max);
    if (client->payload_max > PAYLOAD_SIZE_MAX) /* of which no setting allows more */
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
    if (options && check_reserved(client, options->reserved, COUNT(options->reserved)))
        return TM_CLIENT_INVALID;
    tm_client_status status =
        open_connection(client, address, options, tmc_deadline_in(timeout_ms));
    if (status != TM_CLIENT_OK)
        tmc_connection_reset(client);
    return status;
}

/* ---- requests ---- */

static tm_client_status ask(tm_client *client, const char *op, const struct tmc_subject *subject,
                            int timeout_ms, tm_client_event **answer)
{
    struct tmc_request request;
    struct tmc_event *event = NULL;
    if (answer)
        *answer = NULL;
    tm_client_status status = tmc_connection_check(client);
    if (status == TM_CLIENT_OK)
        status = tmc_request_plain(&request, op, client->last_id + 1, subject, &client->failure);
    if (status != TM_CLIENT_OK)
        return status;

    tmc_inbox_await(&client->inbox, TMC_AWAITS_ID, ++client->last_id);
    status = tmc_connection_ask(client, &request, tmc_deadline_in(timeout_ms), &event);
    if (answer && event)
        *answer = &event->shown;
    else
        tmc_event_free(event);
    return status;
}

tm_client_status tm_client_ping(tm_client *client, int timeout_ms)
{
    return ask(client, "ping", &(struct tmc_subject){0}, timeout_ms, NULL);
}

tm_client_status tm_client_set_module(tm_client *client, const char *module, int timeout_ms)
{
    return ask(client, "set", &(struct tmc_subject){.module = module}, timeout_ms, NULL);
}

tm_client_status tm_client_stats(tm_client *client, int timeout_ms, tm_client_event **answer)
{
    return ask(client, "stats", &(struct tmc_subject){0}, timeout_ms, answer);
}

tm_client_status tm_client_workers(tm_client *client, int timeout_ms, tm_client_event **answer)
{
    return ask(client, "workers", &(struct tmc_subject){0}, timeout_ms, answer);
}

tm_client_status tm_client_cancel(tm_client *client, const char *job, int timeout_ms,
                                  tm_client_event **answer)
{
    return ask(client, "cancel", &(struct tmc_subject){.job = job}, timeout_ms, answer);
}

tm_client_status tm_client_cancel_id(tm_client *client, uint64_t id, int timeout_ms,
                                     tm_client_event **answer)
{
    return ask(client, "cancel", &(struct tmc_subject){.target = id}, timeout_ms, answer);
}

tm_client_status tm_client_kill(tm_client *client, const char *job, int timeout_ms,
                                tm_client_event **answer)
{
    return ask(client, "kill", &(struct tmc_subject){.job = job}, timeout_ms, answer);
}

tm_client_status tm_client_kill_id(tm_client *client, uint64_t id, int timeout_ms,
                                   tm_client_event **answer)
{
    return ask(client, "kill", &(struct tmc_subject){.target = id}, timeout_ms, answer);
}

/* ---- jobs ---- */

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

static tm_client_status check_submit(tm_client *client, const void *data, size_t size)
{
    tm_client_status status = tmc_connection_check(client);
    if (status != TM_CLIENT_OK)
        return status;
    if (!data && size > 0)
        return tmc_failure_set(&client->failure, TM_CLIENT_INVALID,
                               "there is no payload of %zu bytes", size);
    if (size > client->payload_max)
        return tmc_failure_set(&client->failure, TM_CLIENT_INVALID,
                               "a payload of %zu bytes; the server takes at most %zu", size,
                               client->payload_max);
    return TM_CLIENT_OK;
}

/* Without time there is nothing to wait for, and nothing is read: in an event loop an event that
 * came in here would be queued behind the back of the loop. */
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

tm_client_status tm_client_submit(tm_client *client, const char *module, const void *data,
                                  size_t size, const tm_client_submit_options *options,
                                  int timeout_ms, uint64_t *id)
{
    struct tmc_request request;
    int64_t deadline = tmc_deadline_in(timeout_ms);
    uint64_t next_id = client->last_id + 1;
    tm_client_status status = check_submit(client, data, size);
    if (status == TM_CLIENT_OK && options)
        status = check_reserved(client, options->reserved, COUNT(options->reserved));
    if (status == TM_CLIENT_OK)
        status = tmc_request_submit(&request, next_id, module, size, options, &client->failure);
    if (status == TM_CLIENT_OK)
        status = await_output(client, has_room, deadline, timeout_ms == 0);
    if (status != TM_CLIENT_OK)
        return status;

    if (tmc_jobs_reserve(&client->inbox.jobs) < 0 ||
        tmc_stream_send(&client->stream, request.line, request.len, data, size) < 0)
        return tmc_failure_memory(&client->failure);
    tmc_jobs_add(&client->inbox.jobs, next_id, options ? options->user : NULL);
    client->last_id = next_id;
    if (id)
        *id = next_id;
    /* The job is on its way whatever comes of this: an end of the connection is told by the call
     * that asks for the job's events. */
    (void)await_output(client, is_sent, deadline, timeout_ms == 0);
    return TM_CLIENT_OK;
}

static bool has_event(const tm_client *client, uint64_t id)
{
    return tmc_inbox_find(&client->inbox, id) != NULL;
}

static tm_client_status next(tm_client *client, uint64_t id, int timeout_ms,
                             tm_client_event **event)
{
    *event = NULL;
    if (!client->reader)
        return tmc_failure_set(&client->failure, TM_CLIENT_INVALID, "the client is not connected");
    if (!has_event(client, id) && client->ended == TM_CLIENT_OK &&
        !tmc_inbox_has_job(&client->inbox, id))
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
    if (id == 0) {
        *event = NULL;
        return tmc_failure_set(&client->failure, TM_CLIENT_NOTHING, "no job has the id 0");
    }
    return next(client, id, timeout_ms, event);
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
