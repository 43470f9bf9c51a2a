/* renewal: see renewal.h. */
#include "renewal.h"

#include "approach.h"
#include "deadline.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEPT_MAX = 16 * 1024 * 1024, /* bytes of all submits kept */
    PROBE_MS = 1000,             /* for a look whether anybody listens */
    TRIES_MAX = 3,               /* connections that end before the answer to our hello */
    AGAIN_MAX = 10,              /* times that one submit is sent again */
};

struct tmc_renewal {
    char *address; /* owned */
    struct tmc_request hello;
    struct tmc_request set; /* the last `set`; empty: none */
    bool off;               /* nobody listens any more, or the client has said bye */
    bool probed;            /* somebody listens */
    bool underway;          /* between two connections */
    int tries;
    tm_client_status ended; /* the end of the connection before */
    struct tmc_failure end;
};

/* ---- the end of it ---- */

/* The last connection's end holds. */
static void give_up(tm_client *client)
{
    struct tmc_renewal *renewal = client->renewal;
    renewal->off = true;
    renewal->underway = false;
    client->ended = renewal->ended;
    client->end = renewal->end;
    tmc_inbox_release(&client->inbox);
}

/* A server that only refuses is asked no more in the end. */
static tm_client_status send_kept(tm_client *client, struct tmc_job *job)
{
    struct tmc_kept *kept = job->kept;
    if (tmc_stream_send(&client->stream, kept->bytes, kept->head_len, kept->bytes + kept->head_len,
                        kept->size) < 0)
        return tmc_failure_memory(&client->failure);
    if (++kept->again == AGAIN_MAX)
        tmc_jobs_drop_kept(&client->inbox.jobs, job);
    return TM_CLIENT_OK;
}

/* All jobs in flight are refused ones. */
static tm_client_status send_again(tm_client *client)
{
    struct tmc_renewal *renewal = client->renewal;
    struct tmc_job *job = tmc_jobs_first(&client->inbox.jobs);
    tm_client_status status = TM_CLIENT_OK;
    if (renewal->set.len > 0 &&
        tmc_stream_send(&client->stream, renewal->set.line, renewal->set.len, NULL, 0) < 0)
        return tmc_failure_memory(&client->failure);
    for (size_t i = 0; i < client->inbox.jobs.count && status == TM_CLIENT_OK; i++) {
        job[i].came = 0; /* it is another job there */
        status = send_kept(client, &job[i]);
    }
    return status;
}

/* ---- another connection ---- */

static void try_again(tm_client *client);

static void renewed(tm_client *client, tm_client_status status, struct tmc_event *hello)
{
    struct tmc_renewal *renewal = client->renewal;
    tmc_event_free(hello);
    tmc_opening_free(client->opening);
    client->opening = NULL;
    if (status == TM_CLIENT_OK)
        status = send_again(client);
    if (status == TM_CLIENT_OK) {
        tmc_inbox_forget_refusals(&client->inbox);
        renewal->underway = renewal->probed = false;
    } else if (status == TM_CLIENT_CLOSED && ++renewal->tries < TRIES_MAX) {
        try_again(client);
    } else {
        give_up(client);
    }
}

static tm_client_status open_again(tm_client *client)
{
    struct tmc_renewal *renewal = client->renewal;
    tm_client_status status = tmc_connection_reopen(client);
    if (status == TM_CLIENT_OK)
        status = tmc_opening_new(renewal->address, &client->opening, &client->failure);
    if (status == TM_CLIENT_OK)
        client->opening->hello = renewal->hello;
    return status;
}

static void try_again(tm_client *client)
{
    if (open_again(client) == TM_CLIENT_OK)
        tmc_approach_begin(client, renewed);
    else
        give_up(client);
}

/* Leaves the connection, if it has not ended. */
static void begin(tm_client *client)
{
    struct tmc_renewal *renewal = client->renewal;
    if (client->ended == TM_CLIENT_OK)
        client->ended = tmc_failure_set(&client->end, TM_CLIENT_CLOSED, "the server ends");
    renewal->underway = true;
    renewal->ended = client->ended;
    renewal->end = client->end;
    renewal->tries = 0;
    client->inbox.last_words = (struct tmc_failure){0};
    try_again(client);
}

/* ---- refusals kept back ---- */

/* Returns false if there is no other server. Looks once. */
static bool has_hope(tm_client *client, bool waits)
{
    struct tmc_renewal *renewal = client->renewal;
    if (waits && !renewal->off && !renewal->probed) {
        renewal->off = !tmc_address_is_listened_to(renewal->address, tmc_deadline_in(PROBE_MS));
        renewal->probed = true;
    }
    return !renewal->off;
}

/* The jobs that have begun are waited for. If one of them was lost, the connection's end has to be
 * told. */
static void settle(tm_client *client, bool waits)
{
    const struct tmc_inbox *inbox = &client->inbox;
    bool others = inbox->jobs.count > inbox->refused, over = client->ended != TM_CLIENT_OK;
    if (inbox->refused == 0 || client->advance || inbox->awaits == TMC_AWAITS_ID)
        return;
    if ((others && over) || (!others && !waits) || !has_hope(client, waits))
        tmc_inbox_release(&client->inbox);
    else if (!others)
        begin(client);
}

/* ---- before a request ---- */

/* An idle client has not heard of the end of its connection. */
static void look(tm_client *client)
{
    if (client->advance || client->inbox.jobs.count > 0)
        return;
    if (client->ended == TM_CLIENT_OK)
        tmc_connection_process(client);
    if (client->ended == TM_CLIENT_CLOSED && !client->inbox.last_words.text[0])
        begin(client);
}

static bool is_over(const tm_client *client, uint64_t id)
{
    (void)id;
    return !client->advance;
}

tm_client_status tmc_renewal_check(tm_client *client, int timeout_ms)
{
    const struct tmc_renewal *renewal = client->renewal;
    tm_client_status status = TM_CLIENT_OK;
    if (!renewal || !client->settle || renewal->off)
        return tmc_connection_check(client);
    if (timeout_ms != 0)
        look(client);
    if (renewal->underway)
        status = tmc_connection_wait(client, is_over, 0, tmc_deadline_in(timeout_ms));
    return status == TM_CLIENT_OK ? tmc_connection_check(client) : status;
}

struct tmc_kept *tmc_renewal_keep(const tm_client *client, const struct tmc_request *request,
                                  const void *data, size_t size, int timeout_ms)
{
    const struct tmc_renewal *renewal = client->renewal;
    if (timeout_ms == 0 || !client->settle || renewal->off ||
        client->inbox.jobs.kept_bytes + size > KEPT_MAX)
        return NULL;
    struct tmc_kept *kept = malloc(sizeof *kept + request->len + size);
    if (!kept)
        return NULL;
    kept->head_len = request->len;
    kept->size = size;
    kept->again = 0;
    memcpy(kept->bytes, request->line, request->len);
    if (size > 0)
        memcpy(kept->bytes + request->len, data, size);
    return kept;
}

/* A job to be cancelled must not come back. */
static void drop_all_kept(struct tmc_inbox *inbox)
{
    tmc_inbox_release(inbox);
    struct tmc_job *job = tmc_jobs_first(&inbox->jobs);
    for (size_t i = 0; i < inbox->jobs.count; i++)
        tmc_jobs_drop_kept(&inbox->jobs, &job[i]);
}

void tmc_renewal_note(tm_client *client, const char *op, const struct tmc_request *request)
{
    if (!client->renewal)
        return;
    if (strcmp(op, "set") == 0)
        client->renewal->set = *request;
    else if (strcmp(op, "bye") == 0)
        client->renewal->off = true;
    else if (strcmp(op, "cancel") == 0 || strcmp(op, "kill") == 0)
        drop_all_kept(&client->inbox);
}

/* ---- its life ---- */

tm_client_status tmc_renewal_prepare(tm_client *client, const char *address,
                                     const struct tmc_request *hello)
{
    struct tmc_renewal *renewal = calloc(1, sizeof *renewal);
    tmc_renewal_free(client);
    client->renewal = renewal;
    if (renewal)
        renewal->address = strdup(address);
    if (!renewal || !renewal->address)
        return tmc_failure_memory(&client->failure);
    renewal->hello = *hello;
    client->settle = client->inbox.listens ? NULL : settle;
    return TM_CLIENT_OK;
}

/* The hello may have a token. */
void tmc_renewal_free(tm_client *client)
{
    if (!client->renewal)
        return;
    free(client->renewal->address);
    explicit_bzero(client->renewal, sizeof *client->renewal);
    free(client->renewal);
    client->renewal = NULL;
    client->settle = NULL;
}
