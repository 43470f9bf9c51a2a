/* jobs: all jobs, or those of a filter, a page at a time. */
#include "clients/ops/ops.h"

#include "jobs/listing.h"
#include "protocol/answer.h"
#include "stats/job_report.h"

#include <stdlib.h>

static const struct field fields[] = {
    CLIENT_OP_FILTER_FIELDS,
    {"client", FIELD_UINT, CLIENT_REQUEST_AT(client), .min = 1, .max = UINT32_MAX},
    PEER_OP_PAGE_FIELDS,
    {0},
};

struct place {
    struct peers_place base;
    struct listing listing;
};

static void begin(struct peers_place *place)
{
    listing_begin(&((struct place *)place)->listing, false);
}

static void end(struct peers_place *place)
{
    listing_end(&((struct place *)place)->listing);
}

static const struct peers_place_kind kind = {sizeof(struct place), begin, end};

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct clients *clients = clients_of(client_session_of_dialogue(dialogue));
    struct peers_place *place = peer_page_place(&clients->peers, request, &kind);
    struct listing_filter filter = client_op_filter(request);
    struct listing_page page = {.limit = peer_page_limit(request)};
    char name[PLACE_TEXT_MAX + 1];
    if (!place)
        return VERDICT_REFUSED;
    bool more = listing_read(&((struct place *)place)->listing, clients->pools, &filter, &page);
    conn_note_cost(dialogue->conn);
    char *text = report_jobs(clients->report, page.jobs, page.count);
    answer_page(dialogue, request, more ? peers_places_name(place, name) : NULL, text);
    free(text);
    if (!more)
        peers_places_remove(&clients->peers.places, place);
    return VERDICT_FINE;
}

const struct operation client_op_jobs = {
    .name = "jobs",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .fields = fields,
    .check = client_op_check_pool,
    .run = run,
};
