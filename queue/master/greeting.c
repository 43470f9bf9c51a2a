/*
 * master_greeting: hello's answer, and whether jobs may be handed to this master.
 *
 * An older release, or a token without the right relay, would refuse each single submit. So the
 * first look is at the features and rights.
 */
#include "queue/master/link_internal.h"

#include "upstream/hello.h"

#include <stdio.h>
#include <string.h>

/* Needed in the lists of hello's answer. */
static const struct {
    const char *list, *word;
} needs[] = {
    {"features", "link"},   {"features", "notify-started"},
    {"features", "origin"}, {"features", "attempt"},
    {"features", "for"},    {"features", "cancel"},
    {"rights", "submit"},   {"rights", "relay"},
};

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
        if (!hello_has(hello, needs[i].list, needs[i].word))
            add_missing(error, size,
                        strcmp(needs[i].list, "rights") == 0 ? "our token lacks the right "
                                                             : "the master lacks ",
                        needs[i].word);
    return !*error;
}

/* The limits of 32 bits. */
static uint32_t small_number(const json_t *hello, const char *key)
{
    uint64_t value = hello_number(hello, key);
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
    snprintf(greeting->boot, sizeof greeting->boot, "%s", hello_text(hello, "boot"));
    greeting->is_draining = json_is_true(json_object_get(hello, "draining"));
    greeting->about = (struct kept_master_about){
        .boot = greeting->boot,
        .payload_max = hello_number(hello, "payload_max"),
        .job_max = places(hello),
        .kill_grace_ms = small_number(hello, "kill_grace_ms"),
    };
}

bool master_greeting_read(struct master_greeting *greeting, const json_t *hello, char *error,
                          size_t error_size)
{
    if (!is_fit(hello, error, error_size))
        return false;
    read_about(greeting, hello);
    if (greeting->is_draining)
        snprintf(error, error_size, "the master drains");
    return !greeting->is_draining;
}
