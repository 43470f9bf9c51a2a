/* log-level: the least level to be logged, until the next reload. */
#include "clients/ops/ops.h"

#include "clients/tokens.h"
#include "common/log.h"
#include "protocol/answer.h"

static const char *const levels[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error", NULL};

static const struct field fields[] = {
    {"level", FIELD_WORD, FIELD_REQUIRED, CLIENT_REQUEST_AT(level), .words = levels},
    {0},
};

static void log_change(struct client_session *session, enum log_level was, enum log_level level)
{
    log_event(LOG_WARN, "log-level", LOG_STR("level", levels[level]), LOG_STR("was", levels[was]),
              LOG_STR("client", session->name),
              LOG_STR_OPT("owner", client_tokens_grant(session)->name), LOG_STR("until", "reload"));
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    const struct clients_control *control = &session->clients->control;
    enum log_level level = client_request_of(request)->level - 1;
    enum log_level was = control->log_level(control->arg, level);
    struct event_writer event;
    log_change(session, was, level);
    answer_begin_ok(&event, dialogue, request);
    event_word(&event, "was", levels[was]);
    event_end(&event);
    return VERDICT_FINE;
}

const struct operation client_op_log_level = {
    .name = "log-level",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .fields = fields,
    .run = run,
};
