/*
 * master_greeting: hello, and whether jobs may be handed to this master.
 *
 * An older release, or a token without the right relay, would refuse each single submit. So the
 * first look is at the features and rights.
 */
#include "queue/master/link_internal.h"

#include "common/json_load.h"
#include "protocol/event_writer.h"

#include <stdio.h>
#include <taskmaster/version.h>

/* Needed in the lists of hello's answer. */
static const struct {
    const char *list, *word;
} needs[] = {
    {"features", "link"},   {"features", "notify-started"},
    {"features", "origin"}, {"features", "attempt"},
    {"features", "for"},    {"features", "cancel"},
    {"rights", "submit"},   {"rights", "relay"},
};

void master_greeting_send(struct master_link *link)
{
    const struct token_set *tokens = &link->parts.settings->tokens;
    struct event_writer event;
    event_begin_request(&event, &link->connection->conn, "hello");
    event_uint(&event, "protocol", PROTOCOL_VERSION);
    event_word(&event, "client", "taskqueued/" TASKMASTER_VERSION);
    if (tokens->count)
        event_text(&event, "token", tokens->tokens[0].text, tokens->tokens[0].len, HEADER_MAX);
    event_end(&event);
}

static bool has_word(const json_t *list, const char *word)
{
    size_t i;
    const json_t *item;
    json_array_foreach ((json_t *)list, i, item)
        if (json_is_string(item) && strcmp(json_string_value(item), word) == 0)
            return true;
    return false;
}

/* Adds to the missing words in `error`, the first of a list behind `what`. */
static void add_missing(char *error, size_t size, const char *what, const char *word)
{
    size_t len = strlen(error);
    if (strstr(error, what))
        snprintf(error + len, size - len, ", %s", word);
    else
        snprintf(error + len, size - len, "%s%s%s", len ? "; " : "", what, word);
}

static bool is_fit(const json_t *hello, char *error, size_t size)
{
    *error = '\0';
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (!has_word(json_object_get(hello, needs[i].list), needs[i].word))
            add_missing(error, size,
                        strcmp(needs[i].list, "rights") == 0 ? "our token lacks the right "
                                                             : "the master lacks ",
                        needs[i].word);
    return !*error;
}

static uint64_t number(const json_t *hello, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(hello, key));
    return value > 0 ? (uint64_t)value : 0;
}

/* The limits of 32 bits. */
static uint32_t small_number(const json_t *hello, const char *key)
{
    uint64_t value = number(hello, key);
    return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

/* Without a line the master has a place for a job all the same: with an idle worker. */
static uint32_t places(const json_t *hello)
{
    uint32_t job_max = small_number(hello, "job_max");
    return job_max ? job_max : 1;
}

static void read_about(struct master_greeting *greeting, const json_t *hello)
{
    const char *boot = json_string_value(json_object_get(hello, "boot"));
    snprintf(greeting->boot, sizeof greeting->boot, "%s", boot ? boot : "");
    greeting->is_draining = json_is_true(json_object_get(hello, "draining"));
    greeting->about = (struct kept_master_about){
        .boot = greeting->boot,
        .payload_max = number(hello, "payload_max"),
        .job_max = places(hello),
        .kill_grace_ms = small_number(hello, "kill_grace_ms"),
    };
}

bool master_greeting_read(struct master_greeting *greeting, const char *header, size_t len,
                          char *error, size_t error_size)
{
    json_error_t fault;
    json_t *hello = json_load_any(header, len, JSON_REJECT_DUPLICATES, &fault);
    bool fit = is_fit(hello, error, error_size);
    if (fit)
        read_about(greeting, hello);
    json_decref(hello);
    if (fit && greeting->is_draining)
        snprintf(error, error_size, "the master drains");
    return fit && !greeting->is_draining;
}
