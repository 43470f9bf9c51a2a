/*
 * fuzz_event: any line as a header of the master, for taskqueued.
 *
 * The short way and the general way read the same: a blank behind the first brace sends a header
 * the general way.
 */
#include "common/json_load.h"
#include "common/log.h"
#include "queue/master/event.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct master_event plain, general;

/* In memory of its own size: a byte too far is found. */
static const char *read_header(struct master_event *event, const char *text, size_t len)
{
    char *copy = malloc(len + 1);
    memcpy(copy, text, len);
    const char *fault = master_event_read(event, copy, len);
    free(copy);
    return fault;
}

/* The short way lets a key stand twice, as no master does. */
static bool has_duplicates(const char *text, size_t len)
{
    json_error_t error;
    json_t *loose = json_load_any(text, len, 0, &error);
    json_t *strict = json_load_any(text, len, JSON_REJECT_DUPLICATES, &error);
    bool found = loose && !strict;
    json_decref(loose);
    json_decref(strict);
    return found;
}

static void check_same(const char *fault, const char *other)
{
    bug_on((fault == NULL) != (other == NULL));
    if (fault)
        return;
    bug_on(memcmp(&plain, &general, offsetof(struct master_event, message)) != 0);
    bug_on(strcmp(plain.message, general.message) != 0);
    bug_on(strcmp(plain.fields, general.fields) != 0);
    bug_on(strlen(plain.fields) != plain.fields_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[HEADER_MAX];
    if (size == 0 || size >= HEADER_MAX - 1 || memchr(data, 0, size))
        return 0;
    memcpy(text, data, size);
    text[size] = '\n';
    const char *fault = read_header(&plain, text, size + 1);
    if (*text != '{' || has_duplicates(text, size))
        return 0;
    memmove(text + 2, text + 1, size);
    text[1] = ' ';
    check_same(fault, read_header(&general, text, size + 2));
    return 0;
}
