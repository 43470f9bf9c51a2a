/* clients: the connected clients, a page at a time, in the order of their connections. */
#include "clients/ops/ops.h"

#include "clients/tokens.h"
#include "net/peer_process.h"
#include "protocol/answer.h"
#include "base/json_writer.h"

#include <stdlib.h>
#include <string.h>

enum { LOOKS = 10000 }; /* connections looked at for a page */

static const struct field fields[] = {CLIENT_OP_PAGE_FIELDS, {0}};

static uint64_t since_ms(const struct client_session *session, uint64_t then_us)
{
    return (client_session_timers(session)->now_us - then_us) / 1000;
}

/* Of a unix socket. */
static void write_process(struct json_writer *json, const struct client_session *session)
{
    struct peer_process process;
    if (!peer_process_get(session->conn.fd, &process))
        return;
    json_writer_uint(json, "uid", process.uid);
    json_writer_uint(json, "gid", process.gid);
    json_writer_uint(json, "pid", process.pid);
}

/* The session's name is NUMBER@ADDRESS. */
static void write_client(struct json_writer *json, struct client_session *session)
{
    json_writer_begin(json, NULL, '{');
    json_writer_uint(json, "id", session->number);
    json_writer_text(json, "address", strchr(session->name, '@') + 1);
    json_writer_text(json, "name", session->client);
    json_writer_text(json, "owner", client_tokens_grant(session)->name);
    json_writer_uint(json, "connected_ms", since_ms(session, session->connected_us));
    json_writer_uint(json, "idle_ms", since_ms(session, session->conn.heard_us));
    json_writer_uint(json, "jobs", session->source.job_count);
    json_writer_uint(json, "output", session->conn.output_len);
    json_writer_uint(json, "services", session->service_count);
    json_writer_uint(json, "monitors", session->monitor_count);
    write_process(json, session);
    json_writer_end(json, '}');
}

/* Moves the place behind the page. */
static char *write_page(struct client_place *place, size_t limit)
{
    struct json_writer json;
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '[');
    for (size_t looks = 0; limit && looks < LOOKS && place->next; looks++) {
        struct client_session *session = place->next;
        place->next = TAILQ_NEXT(session, link);
        if (!client_session_is_client(session))
            continue;
        write_client(&json, session);
        limit--;
    }
    json_writer_end(&json, ']');
    return json_writer_close(&json);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct clients *clients = client_session_of_dialogue(dialogue)->clients;
    struct client_place *place = client_op_place(clients, request, PLACE_OF_CLIENTS);
    char name[PLACE_TEXT_MAX + 1];
    if (!place)
        return VERDICT_REFUSED;
    if (!client_request_of(request)->after.len)
        place->next = TAILQ_FIRST(&clients->sessions);
    char *text = write_page(place, client_op_limit(request));
    conn_note_cost(dialogue->conn);
    answer_page(dialogue, request, place->next ? client_places_name(place, name) : NULL, text);
    if (!place->next)
        client_places_remove(&clients->places, place);
    free(text);
    return VERDICT_FINE;
}

const struct operation client_op_clients = {
    .name = "clients",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .fields = fields,
    .run = run,
};
