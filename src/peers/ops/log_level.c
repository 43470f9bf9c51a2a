/* log-level: the least level to be logged, until the next reload. */
#include "peers/ops/ops.h"

#include "common/log.h"
#include "protocol/answer.h"

static const char *const levels[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error", NULL};

static const struct field fields[] = {
    {"level", FIELD_WORD, FIELD_REQUIRED, PEER_REQUEST_AT(level), .words = levels},
    {0},
};

static void log_change(struct peer *peer, enum log_level was, enum log_level level)
{
    log_event(LOG_WARN, "log-level", LOG_STR("level", levels[level]), LOG_STR("was", levels[was]),
              LOG_STR("client", peer->name), LOG_STR_OPT("owner", peer_grant(peer)->name),
              LOG_STR("until", "reload"));
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct peer *peer = peer_of_dialogue(dialogue);
    const struct peers_control *control = &peer->peers->control;
    enum log_level level = peer_request_of(request)->level - 1;
    enum log_level was = control->log_level(control->arg, level);
    struct event_writer event;
    log_change(peer, was, level);
    answer_begin_ok(&event, dialogue, request);
    event_word(&event, "was", levels[was]);
    event_end(&event);
    return VERDICT_FINE;
}

const struct operation peer_op_log_level = {
    .name = "log-level",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .fields = fields,
    .run = run,
};
