/* reader: see reader.h. */
#include "reader.h"

#include "common/json_load.h"
#include "common/limits.h"
#include "event_kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    INPUT_SIZE = 64 * 1024,
    /* With fewer bytes missing, a payload goes through the input buffer: one read can then bring
     * the next messages too. */
    DIRECT_MIN = 16 * 1024,
};

struct tmc_reader {
    struct tmc_message message; /* the current one; header set: its payload is next */
    size_t payload_max;         /* bytes */
    bool any_result;            /* results may be larger */
    size_t filled;              /* bytes of the payload received */
    size_t capacity;            /* of message.payload, without the byte for the NUL */
    size_t start, end;          /* unread part of `input` */
    size_t scanned;             /* bytes from `start` on known to hold no LF */
    char input[INPUT_SIZE];
};

struct tmc_reader *tmc_reader_new(void)
{
    struct tmc_reader *reader = malloc(sizeof *reader);
    if (!reader)
        return NULL;
    memset(reader, 0, offsetof(struct tmc_reader, input));
    reader->payload_max = GREETING_SIZE_MAX;
    return reader;
}

void tmc_reader_set_payload_max(struct tmc_reader *reader, size_t payload_max)
{
    reader->payload_max = payload_max;
}

void tmc_reader_allow_any_result(struct tmc_reader *reader)
{
    reader->any_result = true;
}

void tmc_reader_free(struct tmc_reader *reader)
{
    if (!reader)
        return;
    tmc_message_clear(&reader->message);
    free(reader);
}

bool tmc_reader_midway(const struct tmc_reader *reader)
{
    return reader->message.header || reader->end > reader->start;
}

/* Doubles the payload's room if it is full, up to the payload's size. */
static int grow_payload(struct tmc_reader *reader)
{
    struct tmc_message *message = &reader->message;
    if (reader->capacity > reader->filled || reader->capacity == message->size)
        return 0;
    size_t capacity = reader->capacity ? reader->capacity : INPUT_SIZE / 2;
    capacity = capacity > message->size / 2 ? message->size : capacity * 2;
    char *payload = realloc(message->payload, capacity + 1);
    if (!payload)
        return -1;
    message->payload = payload;
    reader->capacity = capacity;
    return 0;
}

static bool receives_directly(const struct tmc_reader *reader)
{
    return reader->message.header && reader->message.size - reader->filled >= DIRECT_MIN;
}

char *tmc_reader_room(struct tmc_reader *reader, size_t *room)
{
    if (receives_directly(reader)) {
        if (grow_payload(reader) < 0)
            return NULL;
        *room = reader->capacity - reader->filled;
        return reader->message.payload + reader->filled;
    }
    if (reader->start > 0) {
        memmove(reader->input, reader->input + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    *room = INPUT_SIZE - reader->end;
    return reader->input + reader->end;
}

void tmc_reader_filled(struct tmc_reader *reader, size_t count)
{
    if (receives_directly(reader))
        reader->filled += count;
    else
        reader->end += count;
}

static tm_client_status bad(struct tmc_failure *failure, const char *what)
{
    return tmc_failure_set(failure, TM_CLIENT_PROTOCOL,
                           "the server's answer breaks the protocol: %s", what);
}

/* Larger jobs may have been submitted before a reload made payload_max less. */
static bool is_of_any_job(const struct tmc_reader *reader, const struct tmc_event_kind *kind)
{
    if (kind == tmc_event_kind_of(TM_CLIENT_EVENT_PEEK))
        return true;
    return kind->role == TMC_EVENT_FINAL &&
           (reader->any_result || json_object_get(reader->message.header, "service"));
}

static size_t size_max(const struct tmc_reader *reader)
{
    const char *event = json_string_value(json_object_get(reader->message.header, "event"));
    const struct tmc_event_kind *kind =
        tmc_event_kind_of(event ? tmc_event_kind_find(event) : TM_CLIENT_EVENT_DONE);
    if (is_of_any_job(reader, kind))
        return PAYLOAD_SIZE_MAX;
    return kind->unbounded && reader->payload_max < ANSWER_SIZE_MAX ? ANSWER_SIZE_MAX
                                                                    : reader->payload_max;
}

/* Reads `size` of the header; 0 without one. */
static tm_client_status read_size(struct tmc_reader *reader, struct tmc_failure *failure)
{
    struct tmc_message *message = &reader->message;
    const json_t *size = json_object_get(message->header, "size");
    message->size = 0;
    if (!size)
        return TM_CLIENT_OK;
    json_int_t value = json_is_integer(size) ? json_integer_value(size) : -1;
    if (value < 0)
        return bad(failure, "size is not an integer from 0");
    if ((uint64_t)value > size_max(reader))
        return tmc_failure_set(
            failure, TM_CLIENT_PROTOCOL,
            "the server's answer breaks the protocol: a payload of %" JSON_INTEGER_FORMAT
            " bytes; at most %zu are allowed",
            value, size_max(reader));
    message->size = (size_t)value;
    return TM_CLIENT_OK;
}

static tm_client_status parse_line(struct tmc_reader *reader, size_t len,
                                   struct tmc_failure *failure)
{
    struct tmc_message *message = &reader->message;
    json_error_t error;
    if (memchr(message->line, '\0', len)) /* jansson ignores one behind a number */
        return bad(failure, "a header holds a NUL");
    errno = 0;
    message->header = json_load_any(message->line, len, JSON_REJECT_DUPLICATES, &error);
    if (!message->header)
        return tmc_failure_json(failure, TM_CLIENT_PROTOCOL,
                                "the server's answer breaks the protocol", &error);
    if (!json_is_object(message->header))
        return bad(failure, "a header is no object");
    return read_size(reader, failure);
}

/* Takes a whole line out of the input, if there is one. */
static tm_client_status read_header(struct tmc_reader *reader, struct tmc_failure *failure)
{
    char *line = reader->input + reader->start;
    size_t have = reader->end - reader->start;
    char *lf = memchr(line + reader->scanned, '\n', have - reader->scanned);
    size_t len = lf ? (size_t)(lf - line) : have;
    if (len >= HEADER_MAX)
        return bad(failure, "a header is longer than 4096 bytes");
    if (!lf) {
        reader->scanned = have;
        return TM_CLIENT_OK;
    }
    reader->scanned = 0;
    reader->start += len + 1;
    if (len > 0 && line[len - 1] == '\r')
        len--;
    reader->message.line = malloc(len + 1);
    if (!reader->message.line)
        return tmc_failure_memory(failure);
    memcpy(reader->message.line, line, len);
    reader->message.line[len] = '\0';
    reader->filled = reader->capacity = 0;
    return parse_line(reader, len, failure);
}

/* Moves bytes of the payload from the input into the message. */
static tm_client_status read_payload(struct tmc_reader *reader, struct tmc_failure *failure)
{
    struct tmc_message *message = &reader->message;
    while (reader->filled < message->size && reader->end > reader->start) {
        if (grow_payload(reader) < 0)
            return tmc_failure_memory(failure);
        size_t count = reader->end - reader->start;
        if (count > reader->capacity - reader->filled)
            count = reader->capacity - reader->filled;
        memcpy(message->payload + reader->filled, reader->input + reader->start, count);
        reader->start += count;
        reader->filled += count;
    }
    return TM_CLIENT_OK;
}

tm_client_status tmc_reader_next(struct tmc_reader *reader, struct tmc_message *message,
                                 struct tmc_failure *failure)
{
    tm_client_status status = TM_CLIENT_OK;
    memset(message, 0, sizeof *message);
    if (!reader->message.header)
        status = read_header(reader, failure);
    if (status == TM_CLIENT_OK && reader->message.header)
        status = read_payload(reader, failure);
    if (status != TM_CLIENT_OK || !reader->message.header || reader->filled < reader->message.size)
        return status;
    if (reader->message.payload)
        reader->message.payload[reader->message.size] = '\0';
    *message = reader->message;
    memset(&reader->message, 0, sizeof reader->message);
    return TM_CLIENT_OK;
}
