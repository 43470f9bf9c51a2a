/* live: see live.h. */
#include "live.h"

#include "client.h"
#include "die.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note_broken(struct client *client, enum broken what)
{
    history_add_conn(client->env->history, EV_BROKEN, client->number, NO_JOB)->a = what;
}

static const char *text_of(json_t *header, const char *key)
{
    const char *text = json_string_value(json_object_get(header, key));
    return text ? text : "";
}

/* --- monitors --- */

void live_monitor(struct client *client, uint32_t uid, const char *job)
{
    char fields[160];
    struct job_record *record = &client->env->history->jobs[uid];
    snprintf(fields, sizeof fields, ",\"ref\":\"m%" PRIu32 "\",\"job\":\"%s\"", uid, job);
    if (record->watched || !client_ask(client, "monitor", fields))
        return;
    record->watched = true;
    client->live.watched++;
}

void live_monitor_workers(struct client *client)
{
    if (client_ask(client, "monitor", ",\"ref\":\"workers\",\"workers\":true"))
        client->live.worker_states = need(LIVE_WORKERS);
}

static uint8_t reason_of(json_t *header)
{
    const char *reason = text_of(header, "reason");
    if (strcmp(reason, "done") == 0)
        return DOWN_DONE;
    if (strcmp(reason, "unknown") == 0)
        return DOWN_UNKNOWN;
    return strcmp(reason, "dropped") == 0 ? DOWN_DROPPED : (uint8_t)history_reason(reason);
}

static void take_down(struct client *client, json_t *header)
{
    struct history *history = client->env->history;
    const char *ref = text_of(header, "ref");
    unsigned long long uid = ref[0] == 'm' ? strtoull(ref + 1, NULL, 10) : NO_JOB;
    if (uid >= history->job_count || !history->jobs[uid].watched || history->jobs[uid].downs ||
        history->jobs[uid].conn != client->number) {
        note_broken(client, BROKEN_REF);
        return;
    }
    history->jobs[uid].downs++;
    history->jobs[uid].down_reason = reason_of(header);
    client->live.watched--;
}

enum { NOT_SEEN, STARTING, READY, DEAD, ENDED };

/* Whether the news may come behind the state. Another state than these is no news. */
static bool follows(uint8_t before, uint8_t now)
{
    static const uint8_t from[] = {
        [STARTING] = 1u << NOT_SEEN,
        [READY] = 1u << NOT_SEEN | 1u << STARTING | 1u << DEAD,
        [DEAD] = 1u << NOT_SEEN | 1u << READY,
        [ENDED] = 1u << STARTING | 1u << READY | 1u << DEAD,
    };
    return now && from[now] & 1u << before;
}

static uint8_t state_of(const char *word)
{
    static const struct {
        const char *word;
        uint8_t state;
    } words[] = {{"starting", STARTING},
                 {"ready", READY},
                 {"dead", DEAD},
                 {"alive", READY},
                 {"ended", ENDED}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, word) == 0)
            return words[i].state;
    return NOT_SEEN;
}

static void take_worker(struct client *client, json_t *header)
{
    json_int_t id = json_integer_value(json_object_get(header, "worker"));
    uint8_t now = state_of(text_of(header, "state"));
    if (!client->live.worker_states || id <= 0) {
        note_broken(client, BROKEN_REF);
        return;
    }
    if (id >= LIVE_WORKERS)
        return;
    if (!follows(client->live.worker_states[id], now))
        note_broken(client, BROKEN_WORKERS);
    client->live.worker_states[id] = now;
}

/* --- services --- */

static void note_owns(struct client *client, unsigned service, enum owns what)
{
    struct event *event = history_add_conn(client->env->history, EV_OWNS, client->number, NO_JOB);
    event->a = service;
    event->code = (uint8_t)what;
}

void live_register(struct client *client, unsigned service)
{
    char fields[64];
    snprintf(fields, sizeof fields, ",\"name\":\"%s\"", service_names[service]);
    if (client->live.registers[service] || client->live.owns[service] || client->mute)
        return;
    note_owns(client, service, OWNS_ASKED);
    client->live.registers[service] = client_ask(client, "register", fields);
}

void live_unregister(struct client *client, unsigned service)
{
    char fields[64];
    snprintf(fields, sizeof fields, ",\"name\":\"%s\"", service_names[service]);
    if (!client->live.owns[service] || client->mute)
        return;
    note_owns(client, service, OWNS_LEFT);
    client->live.owns[service] = false;
    client->live.unregisters[service] = client_ask(client, "unregister", fields);
}

uint32_t live_delivered(const struct client *client, json_t *header)
{
    const struct history *history = client->env->history;
    json_t *id = json_object_get(header, "submit_id");
    const char *text = json_string_value(id);
    unsigned long long uid = text && text[0] == 't' ? strtoull(text + 1, NULL, 10)
                             : json_is_integer(id)  ? (unsigned long long)json_integer_value(id)
                                                    : NO_JOB;
    if (uid >= history->job_count)
        return NO_JOB;
    unsigned service = history->jobs[uid].spec.service;
    bool fits = service && strcmp(text_of(header, "service"), service_names[service - 1]) == 0;
    return fits ? (uint32_t)uid : NO_JOB;
}

/* --- looks --- */

void live_ask(struct client *client, uint64_t which)
{
    static const struct {
        const char *op, *fields;
        bool late, may_fail;
    } asks[] = {
        {"jobs", ",\"limit\":1000", .late = true},
        {"jobs", ",\"state\":\"waiting\",\"limit\":10", .late = true},
        {"jobs", ",\"module\":\"torture\"", .late = true},
        {"clients", ",\"limit\":50", .late = true},
        {"services", "", .late = false},
        {"modules", "", .late = false},
        {"stats", "", .late = false},
        {"workers", "", .late = false},
        {"status", ",\"job\":\"nobody-1\"", .may_fail = true},
        {"peek", ",\"job\":\"nobody-1\"", .may_fail = true},
        {"cancel", ",\"select\":{\"module\":\"not_there\"}", .late = true, .may_fail = true},
    };
    size_t i = (size_t)(which % (sizeof asks / sizeof *asks));
    uint64_t number = client_ask(client, asks[i].op, asks[i].fields);
    if (asks[i].may_fail && number)
        client->live.may_fail |= 1ull << number % 64;
    if (asks[i].late && number)
        client->live.late |= 1ull << number % 64;
}

void live_watch(struct client *client)
{
    client_ask(client, "watch", ",\"what\":[\"jobs\",\"workers\",\"pools\",\"clients\"]");
}

/* --- answers and events --- */

static void note_select(struct client *client, enum select what)
{
    struct event *event = history_add_conn(client->env->history, EV_SELECT, client->number, NO_JOB);
    event->a = client->live.select_module;
    event->code = (uint8_t)what;
}

void live_select(struct client *client, enum module module)
{
    char fields[80];
    snprintf(fields, sizeof fields, ",\"select\":{\"module\":\"%s\"}", module_names[module]);
    if (client->live.select || client->mute)
        return;
    client->live.select_module = (uint8_t)module;
    note_select(client, SELECT_ASKED);
    client->live.select = client_ask(client, "cancel", fields);
    client->live.late |= 1ull << client->live.select % 64;
}

/* --- answers --- */

static unsigned service_asked(const struct live *live, uint64_t number)
{
    unsigned service = 0;
    while (service < SERVICES && live->registers[service] != number)
        service++;
    return service;
}

void live_answered(struct client *client, uint64_t number, json_t *header)
{
    struct live *live = &client->live;
    bool ok = strcmp(text_of(header, "event"), "error") != 0;
    const char *op = text_of(header, "op");
    unsigned service = service_asked(live, number);
    if (service < SERVICES) {
        live->registers[service] = 0;
        live->owns[service] = ok && !client->mute;
        note_owns(client, service, ok ? OWNS_GIVEN : OWNS_TAKEN);
        ok = ok || strcmp(text_of(header, "code"), "name-taken") == 0;
    }
    for (service = 0; service < SERVICES; service++)
        if (live->unregisters[service] == number && ok) {
            live->unregisters[service] = 0;
            note_owns(client, service, OWNS_FREED);
        }
    if (live->select == number && ok)
        note_select(client, SELECT_DONE);
    if (live->select == number)
        live->select = 0;
    bool may_fail =
        live->may_fail >> number % 64 & 1 || strcmp(op, "cancel") == 0 || strcmp(op, "kill") == 0;
    live->may_fail &= ~(1ull << number % 64);
    live->late &= ~(1ull << number % 64);
    if (!ok && !may_fail)
        note_broken(client, BROKEN_REFUSED);
}

bool live_event(struct client *client, json_t *header)
{
    const char *event = text_of(header, "event");
    if (strcmp(event, "down") == 0)
        take_down(client, header);
    else if (strcmp(event, "worker") == 0)
        take_worker(client, header);
    else if (strcmp(event, "watch") != 0)
        return false;
    return true;
}

void live_leave(struct client *client)
{
    for (unsigned service = 0; service < SERVICES; service++) {
        if (client->live.owns[service] || client->live.registers[service])
            note_owns(client, service, OWNS_LEFT);
        client->live.owns[service] = false;
    }
}

void live_free(struct live *live)
{
    free(live->worker_states);
}
