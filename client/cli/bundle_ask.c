/* bundle_ask: what a server tells, for a support bundle (bundle.h). */
#include "ask.h"
#include "bundle.h"
#include "connect.h"
#include "fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 1000 }; /* of a list: the most that a server gives in one answer */

/* One server. */
struct tale {
    struct bundle *bundle;
    const struct settings *settings;
    const char *name; /* of the folder */
    tm_client *client;
    FILE *errors;
};

/* Lists with a `limit` have many rows. */
static const struct question {
    const char *op;
    bool limited;
} questions[] = {
    {"stats", false},  {"workers", false}, {"modules", false},  {"crashes", false},
    {"clients", true}, {"jobs", true},     {"services", false}, {"nodes", false},
};

static json_t *ask_for(struct tale *tale, const char *op, bool limited)
{
    tm_client_event *answer;
    json_t *fields = fields_new();
    fields_add_number(fields, "limit", limited ? ROWS_MAX : 0);
    int timeout_ms = settings_time_left_ms(tale->settings, ANSWER_MAX_MS);
    if (ask_client(tale->client, op, fields, timeout_ms, &answer) != TM_CLIENT_OK) {
        fprintf(tale->errors, "%s: %s\n", op, tm_client_error(tale->client));
        return NULL;
    }
    json_t *value = json_loadb(answer->data, answer->size, 0, NULL);
    tm_client_event_free(answer);
    return value;
}

static void add(struct tale *tale, const char *op, json_t *value)
{
    char name[128];
    snprintf(name, sizeof name, "%s/%s.json", tale->name, op);
    bundle_add_json(tale->bundle, name, value);
}

/* taskqueued has no services: this too is in errors.txt. */
static void ask_all(struct tale *tale)
{
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        add(tale, questions[i].op, ask_for(tale, questions[i].op, questions[i].limited));
}

json_t *bundle_ask_stats(const struct settings *settings)
{
    tm_client_status status = TM_CLIENT_INVALID;
    tm_client_event *answer = NULL;
    json_t *stats = NULL;
    tm_client *client = connect_try(settings, &status);
    if (client && status == TM_CLIENT_OK)
        status = tm_client_stats(client, settings_time_left_ms(settings, ANSWER_MAX_MS), &answer);
    if (answer)
        stats = json_loadb(answer->data, answer->size, 0, NULL);
    tm_client_event_free(answer);
    tm_client_free(client);
    return stats;
}

void bundle_ask(struct bundle *bundle, const struct settings *settings, const char *name)
{
    char *errors = NULL, file[128];
    size_t len = 0;
    struct tale tale = {.bundle = bundle, .settings = settings, .name = name};
    tm_client_status status = TM_CLIENT_INVALID;
    tale.errors = open_memstream(&errors, &len);
    tale.client = connect_try(settings, &status);
    if (tale.client && status == TM_CLIENT_OK)
        ask_all(&tale);
    else if (tale.client)
        fprintf(tale.errors, "%s: %s\n", settings->server, tm_client_error(tale.client));
    fclose(tale.errors);
    tm_client_free(tale.client);
    snprintf(file, sizeof file, "%s/errors.txt", name);
    if (len > 0)
        bundle_add_text(bundle, file, errors);
    else
        free(errors);
}
