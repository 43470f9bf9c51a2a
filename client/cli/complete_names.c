/* complete_names: see complete_names.h. */
#include "complete_names.h"

#include "connect.h"
#include "report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

/* Calls `offer` for each of the fixed words. */
static void offer_words(const char *const *words, complete_offer *offer, void *arg)
{
    for (; *words; words++)
        offer(*words, arg);
}

static void offer_keys(const json_t *object, complete_offer *offer, void *arg)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)object, key, value) {
        offer(key, arg);
    }
}

/* Offers a member of each object in the list. */
static void offer_members(const json_t *list, const char *name, complete_offer *offer, void *arg)
{
    char number[24];
    size_t i;
    json_t *row;
    json_array_foreach ((json_t *)list, i, row) {
        const json_t *value = json_object_get(row, name);
        if (json_is_string(value))
            offer(json_string_value(value), arg);
        else if (json_is_integer(value)) {
            snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
            offer(number, arg);
        }
    }
}

static tm_client_status ask(tm_client *client, enum value_kind kind, int timeout_ms,
                            tm_client_event **answer)
{
    if (kind == VALUE_CRASH)
        return tm_client_crashes(client, NULL, timeout_ms, answer);
    if (kind == VALUE_WORKER || kind == VALUE_JOB)
        return tm_client_workers(client, timeout_ms, answer);
    return tm_client_stats(client, timeout_ms, answer);
}

static void offer_answer(const json_t *answer, enum value_kind kind, complete_offer *offer,
                         void *arg)
{
    if (kind == VALUE_MODULE)
        offer_keys(json_object_get(answer, "modules"), offer, arg);
    else if (kind == VALUE_POOL)
        offer_keys(json_object_get(answer, "pools"), offer, arg);
    else if (kind == VALUE_WORKER)
        offer_members(answer, "id", offer, arg);
    else if (kind == VALUE_JOB)
        offer_members(answer, "job", offer, arg);
    else if (kind == VALUE_CRASH)
        offer_members(answer, "fingerprint", offer, arg);
}

static void offer_of_server(const struct settings *settings, enum value_kind kind,
                            complete_offer *offer, void *arg)
{
    int exit_status;
    tm_client_event *answer;
    tm_client *client = connect_to_server(settings, &exit_status);
    if (!client)
        return;
    tm_client_status status =
        ask(client, kind, settings_time_left_ms(settings, ANSWER_MAX_MS), &answer);
    if (status == TM_CLIENT_OK) {
        json_t *value = json_loadb(answer->data, answer->size, 0, NULL);
        offer_answer(value, kind, offer, arg);
        json_decref(value);
    } else {
        report_call(settings, client, status);
    }
    tm_client_event_free(answer);
    tm_client_free(client);
}

void complete_names(const struct settings *settings, enum value_kind kind, complete_offer *offer,
                    void *arg)
{
    static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
    static const char *const waiting[] = {"fail", "run", NULL};
    if (kind == VALUE_LEVEL)
        offer_words(levels, offer, arg);
    else if (kind == VALUE_WAITING)
        offer_words(waiting, offer, arg);
    else if (kind != VALUE_PLAIN)
        offer_of_server(settings, kind, offer, arg);
}
