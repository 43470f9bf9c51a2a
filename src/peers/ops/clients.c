/* clients: the connected clients, a page at a time, in the order of their connections. */
#include "peers/ops/ops.h"

#include "base/json_writer.h"
#include "net/peer_process.h"
#include "protocol/answer.h"

#include <stdlib.h>
#include <string.h>

enum { LOOKS = 10000 }; /* connections looked at for a page */

static const struct field fields[] = {PEER_OP_PAGE_FIELDS, {0}};

static uint64_t since_ms(const struct peer *peer, uint64_t then_us)
{
    return (peer_timers(peer)->now_us - then_us) / 1000;
}

/* Of a unix socket. */
static void write_process(struct json_writer *json, const struct peer *peer)
{
    struct peer_process process;
    if (!peer_process_get(peer->conn.fd, &process))
        return;
    json_writer_uint(json, "uid", process.uid);
    json_writer_uint(json, "gid", process.gid);
    json_writer_uint(json, "pid", process.pid);
}

/* The peer's name is NUMBER@ADDRESS. */
static void write_client(struct json_writer *json, struct peer *peer)
{
    const struct peers_ops *ops = peer->peers->ops;
    json_writer_begin(json, NULL, '{');
    json_writer_uint(json, "id", peer->number);
    json_writer_text(json, "address", strchr(peer->name, '@') + 1);
    json_writer_text(json, "name", peer->client);
    json_writer_text(json, "owner", peer_grant(peer)->name);
    json_writer_uint(json, "connected_ms", since_ms(peer, peer->connected_us));
    json_writer_uint(json, "idle_ms", since_ms(peer, peer->conn.heard_us));
    json_writer_uint(json, "jobs", ops->jobs(peer));
    json_writer_uint(json, "output", peer->conn.output_len);
    if (ops->describe)
        ops->describe(peer, json);
    write_process(json, peer);
    json_writer_end(json, '}');
}

/* Moves the place behind the page. */
static char *write_page(struct peers_place *place, size_t limit)
{
    struct json_writer json;
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '[');
    for (size_t looks = 0; limit && looks < LOOKS && place->next; looks++) {
        struct peer *peer = place->next;
        place->next = TAILQ_NEXT(peer, link);
        if (!peer_is_client(peer))
            continue;
        write_client(&json, peer);
        limit--;
    }
    json_writer_end(&json, ']');
    return json_writer_close(&json);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct peers *peers = peer_of_dialogue(dialogue)->peers;
    struct peers_place *place = peer_page_place(peers, request, &peers_place_of_clients);
    char name[PLACE_TEXT_MAX + 1];
    if (!place)
        return VERDICT_REFUSED;
    if (!peer_request_of(request)->after.len)
        place->next = TAILQ_FIRST(&peers->list);
    char *text = write_page(place, peer_page_limit(request));
    conn_note_cost(dialogue->conn);
    answer_page(dialogue, request, place->next ? peers_places_name(place, name) : NULL, text);
    if (!place->next)
        peers_places_remove(&peers->places, place);
    free(text);
    return VERDICT_FINE;
}

const struct operation peer_op_clients = {
    .name = "clients",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .fields = fields,
    .run = run,
};
