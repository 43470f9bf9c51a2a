/* session_live: see session_live.h. */
#include "session_live.h"

#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `%u` is a number of the input's choice. */
static const char *const requests[] = {
    "\"jobs\",\"limit\":%u",
    "\"jobs\",\"limit\":1,\"after\":\"%u-0\"",
    "\"jobs\",\"state\":\"waiting\",\"limit\":3",
    "\"jobs\",\"state\":\"running\",\"module\":\"echo\"",
    "\"jobs\",\"client\":%u",
    "\"clients\",\"limit\":1",
    "\"clients\",\"limit\":2,\"after\":\"%u-0\"",
    "\"modules\"",
    "\"stats\"",
    "\"services\"",
    "\"workers\"",
    "\"status\",\"target\":%u",
    "\"status\",\"job\":\"boot-%u\"",
    "\"peek\",\"job\":\"boot-%u\"",
    "\"register\",\"name\":\"a\"",
    "\"register\",\"name\":\"n%u\"",
    "\"unregister\",\"name\":\"a\"",
    "\"unregister\",\"name\":\"n%u\"",
    "\"watch\",\"what\":[\"jobs\"]",
    "\"watch\",\"what\":[\"jobs\",\"workers\",\"pools\",\"clients\"],\"module\":\"echo\"",
    "\"watch\",\"what\":[\"workers\",\"jobs\"],\"pool\":\"default\"",
    "\"unwatch\"",
    "\"cancel\",\"select\":{\"state\":\"waiting\"}",
    "\"cancel\",\"select\":{\"module\":\"echo\"}",
    "\"kill\",\"select\":{\"state\":\"running\",\"pool\":\"default\"}",
    "\"kill\",\"select\":{\"owner\":\"nobody\"}",
    "\"reopen\"",
    "\"reload\"",
};

/* The things to be monitored. */
static const char *const targets[] = {
    "\"job\":\"boot-%u\"", "\"job\":\"boot-%u\"", "\"worker\":%u",        "\"client\":%u",
    "\"service\":\"a\"",   "\"service\":\"n%u\"", "\"pool\":\"default\"", "\"workers\":true",
};

enum { REQUESTS = sizeof requests / sizeof *requests, TARGETS = sizeof targets / sizeof *targets };

/* The text with the number, if it has a place for one. */
static void fill(char *text, size_t room, const char *pattern, unsigned number)
{
    const char *place = strstr(pattern, "%u");
    if (place)
        snprintf(text, room, "%.*s%u%s", (int)(place - pattern), pattern, number, place + 2);
    else
        snprintf(text, room, "%s", pattern);
}

static void compose_monitor(struct live *live, uint8_t what, uint8_t byte, unsigned long last_job,
                            char *text, size_t room)
{
    char target[64];
    unsigned number = live->asked;
    size_t kind = what % TARGETS;
    fill(target, sizeof target, targets[kind],
         kind < 2 ? (unsigned)last_job + 2 - byte % 8u : byte % 8u);
    snprintf(text, room, "\"monitor\",\"ref\":\"q%u\",%s", number, target);
    live->requests[number].monitor = true;
    live->requests[number].of_job = kind < 2;
}

static void compose_demonitor(struct live *live, uint8_t byte, char *text, size_t room)
{
    unsigned ref = live->asked ? byte % live->asked : 0;
    snprintf(text, room, "\"demonitor\",\"ref\":\"q%u\"", ref);
    live->requests[live->asked].demonitor = ref + 1;
}

size_t live_ask(struct live *live, struct input *input, unsigned long last_job,
                char text[LIVE_TEXT_MAX])
{
    char fields[LIVE_TEXT_MAX - 32];
    uint8_t what = input_take(input), byte = input_take(input);
    if (live->asked == LIVE_MAX)
        return 0;
    if (what < 160)
        fill(fields, sizeof fields, requests[what % REQUESTS], byte % 16u + 1);
    else if (what < 240)
        compose_monitor(live, what, byte, last_job, fields, sizeof fields);
    else
        compose_demonitor(live, byte, fields, sizeof fields);
    return (size_t)snprintf(text, LIVE_TEXT_MAX, "{\"op\":%s,\"id\":\"q%u\"}\n", fields,
                            live->asked++);
}

/* The number in an id or a ref of ours; NULL: another one. */
static struct live_request *find(struct live *live, const json_t *text)
{
    const char *id = json_string_value(text);
    unsigned long number = id && id[0] == 'q' ? strtoul(id + 1, NULL, 10) : LIVE_MAX;
    if (!id || id[0] != 'q')
        return NULL;
    bug_on(number >= live->asked);
    return &live->requests[number];
}

static void take_answer(struct live *live, struct live_request *request, const char *name)
{
    bug_on(request->answers++);
    request->refused = strcmp(name, "error") == 0;
    if (request->demonitor && !request->refused)
        live->requests[request->demonitor - 1].down = true;
}

/* The answer of the monitor comes first. */
static void take_news(struct live_request *request, const char *name)
{
    bug_on(!request->monitor || !request->answers || request->refused || request->down);
    request->down = strcmp(name, "down") == 0;
}

void live_take(struct live *live, const char *name, const json_t *event)
{
    struct live_request *asked = find(live, json_object_get(event, "id"));
    struct live_request *told = find(live, json_object_get(event, "ref"));
    if (asked)
        take_answer(live, asked, name);
    else if (told)
        take_news(told, name);
}

void live_check(const struct live *live)
{
    for (unsigned i = 0; i < live->asked; i++) {
        const struct live_request *request = &live->requests[i];
        bug_on(request->answers != 1);
        bug_on(request->of_job && !request->refused && !request->down);
    }
}
