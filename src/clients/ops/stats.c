/* stats, workers: the figures of src/stats, as the payload of the answer. */
#include "clients/ops/ops.h"

#include "protocol/answer.h"
#include "stats/report.h"

#include <stdlib.h>

static enum verdict run_stats(struct dialogue *dialogue, struct request *request)
{
    const struct clients *clients = clients_of(client_session_of_dialogue(dialogue));
    const struct report_clients counts = {.connected = clients->peers.connected,
                                          .max = clients->peers.settings->client_max,
                                          .services = clients->services.registered_count,
                                          .delivered = clients->services.delivered,
                                          .dropped = clients->services.dropped};
    char *text = report_stats(clients->report, &counts);
    answer_text(dialogue, request, text);
    free(text);
    return VERDICT_FINE;
}

static enum verdict run_workers(struct dialogue *dialogue, struct request *request)
{
    char *text = report_workers(clients_of(client_session_of_dialogue(dialogue))->report);
    answer_text(dialogue, request, text);
    free(text);
    return VERDICT_FINE;
}

const struct operation client_op_stats = {
    .name = "stats",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .run = run_stats,
};

const struct operation client_op_workers = {
    .name = "workers",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .run = run_workers,
};
