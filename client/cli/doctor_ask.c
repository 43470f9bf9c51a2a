/* doctor_ask: see doctor_ask.h. */
#include "doctor_ask.h"

#include "ask.h"
#include "client/doctor/doctor.h"
#include "connect.h"

#include <poll.h>

enum { INTERVAL_MS = 500 }; /* between two looks: all of them take two seconds */

/* One server. */
struct visit {
    const struct settings *settings;
    tm_client *client;
    struct findings *findings;
    struct exam exam; /* borrows what `owned` has */
    json_t *owned;    /* a list of all answers */
};

static void tell_unasked(struct visit *visit, const char *op)
{
    findings_tell(visit->findings, FINDING_UNKNOWN, "unasked", "server", visit->settings->server,
                  "the server does not tell its %s: %s", op, tm_client_error(visit->client));
    findings_advise(visit->findings, "--token-file FILE with a token that has the right observe");
}

/* Returns the payload of the answer; NULL: told. */
static const json_t *ask_for(struct visit *visit, const char *op)
{
    tm_client_event *answer;
    int timeout_ms = settings_time_left_ms(visit->settings, ANSWER_MAX_MS);
    if (tm_client_ask(visit->client, op, NULL, NULL, 0, timeout_ms, &answer) != TM_CLIENT_OK) {
        tell_unasked(visit, op);
        return NULL;
    }
    json_t *value = json_loadb(answer->data, answer->size, 0, NULL);
    json_array_append_new(visit->owned, value);
    tm_client_event_free(answer);
    return value;
}

static void pause_between(const struct settings *settings)
{
    int interval_ms = settings->interval_ms ? (int)settings->interval_ms : INTERVAL_MS;
    poll(NULL, 0, settings_time_left_ms(settings, interval_ms));
}

/* Returns false if the server does not tell. */
static bool look_on(struct visit *visit)
{
    int64_t began = tmc_deadline_now();
    for (int i = 0; i < EXAM_LOOKS; i++) {
        if (i > 0)
            pause_between(visit->settings);
        visit->exam.looks[i] = ask_for(visit, "stats");
        if (!visit->exam.looks[i])
            return false;
        if (i == 0)
            visit->exam.clients_before = ask_for(visit, "clients");
    }
    visit->exam.span_us = (tmc_deadline_now() - began) / 1000;
    visit->exam.clients = visit->exam.clients_before ? ask_for(visit, "clients") : NULL;
    return true;
}

static void judge_master(struct visit *visit)
{
    visit->exam.modules = ask_for(visit, "modules");
    visit->exam.crashes = ask_for(visit, "crashes");
    doctor_pools(&visit->exam, visit->findings);
    doctor_modules(&visit->exam, visit->findings);
}

static json_t *examine(struct visit *visit)
{
    visit->exam.release = tm_client_server(visit->client);
    if (!look_on(visit))
        return NULL;
    if (connect_is_queue(visit->client))
        doctor_queue(&visit->exam, visit->findings);
    else
        judge_master(visit);
    doctor_clients(&visit->exam, visit->findings);
    doctor_process(&visit->exam, visit->findings);
    return json_incref((json_t *)exam_last(&visit->exam));
}

/* The address of the other daemon has no option. */
static const char *address_advice(const struct settings *settings)
{
    return settings->queue && !settings->server_given ? "TASKMASTER_QUEUE" : "--server ADDR";
}

static void tell_unreachable(const struct visit *visit, tm_client_status status)
{
    const struct settings *settings = visit->settings;
    findings_tell(visit->findings, FINDING_UNKNOWN, "unreachable", "server", settings->server,
                  "no server answers: %s", tm_client_error(visit->client));
    if (status == TM_CLIENT_REFUSED)
        findings_advise(visit->findings, "--token-file FILE with a token of the server");
    else
        findings_advise(visit->findings,
                        "start it (systemctl status %s has the reason of its end), or name its "
                        "address: %s",
                        settings->queue ? "taskqueued" : "taskmasterd", address_advice(settings));
}

json_t *doctor_ask(const struct settings *settings, bool wanted, struct findings *findings)
{
    struct visit visit = {.settings = settings, .findings = findings, .owned = json_array()};
    tm_client_status status = TM_CLIENT_INVALID;
    json_t *stats = NULL;
    visit.client = connect_try(settings, &status);
    if (visit.client && status == TM_CLIENT_OK)
        stats = examine(&visit);
    else if (visit.client && (wanted || status != TM_CLIENT_UNREACHABLE))
        tell_unreachable(&visit, status);
    tm_client_free(visit.client);
    json_decref(visit.owned);
    return stats;
}
