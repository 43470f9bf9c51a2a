/* complete_names: see complete_names.h. */
#include "complete_names.h"

#include "connect.h"
#include "report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

/* Calls `offer` for each of the fixed words. */
static void offer_words(const char *const *list, complete_offer *offer, void *arg)
{
    for (; *list; list++)
        offer(*list, arg);
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

/* The request with the names, and their place in its answer: a member of each object of a list, or
 * the keys of a member. */
static const struct source {
    const char *op, *member;
} sources[] = {
    [VALUE_MODULE] = {"modules", "name"},       [VALUE_POOL] = {"stats", "pools"},
    [VALUE_WORKER] = {"workers", "id"},         [VALUE_JOB] = {"jobs", "job"},
    [VALUE_CRASH] = {"crashes", "fingerprint"}, [VALUE_CLIENT] = {"clients", "id"},
    [VALUE_SERVICE] = {"services", "name"},
};

/* The words of a kind that no server is asked for. */
static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const waiting[] = {"fail", "run", NULL};
static const char *const states[] = {"waiting", "running", "stopping", "delayed",
                                     "handed",  "done",    "failed",   NULL};
static const char *const whats[] = {"jobs", "workers", "pools", "clients", NULL};

static const char *const *const words[] = {
    [VALUE_LEVEL] = levels,
    [VALUE_WAITING] = waiting,
    [VALUE_STATE] = states,
    [VALUE_WHAT] = whats,
};

static void offer_answer(const json_t *answer, const struct source *source, complete_offer *offer,
                         void *arg)
{
    if (json_is_array(answer))
        offer_members(answer, source->member, offer, arg);
    else
        offer_keys(json_object_get(answer, source->member), offer, arg);
}

static void offer_of_server(const struct settings *settings, const struct source *source,
                            complete_offer *offer, void *arg)
{
    int exit_status;
    tm_client_event *answer;
    tm_client *client = connect_to_server(settings, &exit_status);
    if (!client)
        return;
    tm_client_status status = tm_client_ask(
        client, source->op, NULL, NULL, 0, settings_time_left_ms(settings, ANSWER_MAX_MS), &answer);
    if (status == TM_CLIENT_OK) {
        json_t *value = json_loadb(answer->data, answer->size, 0, NULL);
        offer_answer(value, source, offer, arg);
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
    if (kind < sizeof words / sizeof words[0] && words[kind])
        offer_words(words[kind], offer, arg);
    else if (kind < sizeof sources / sizeof sources[0] && sources[kind].op)
        offer_of_server(settings, &sources[kind], offer, arg);
}
