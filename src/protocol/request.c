/*
 * request: see request.h.
 *
 * jansson decides what JSON is. Two things it does not tell are taken from the text itself, which
 * by then is known to be valid: numbers (-0 is 0 to jansson, and beyond 64 bits there are none:
 * json_load.h), and a context to the letter (1.10 must not come back as 1.1000000000000001).
 */
#include "protocol/request.h"

#include "base/json_reason.h"
#include "common/json_load.h"
#include "common/json_raw.h"
#include "common/log.h"
#include "common/module_name.h"
#include "protocol/request_scan.h"
#include "protocol/request_skim.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum field {
    FIELD_OP,
    FIELD_ID,
    FIELD_SIZE,
    FIELD_MODULE,
    FIELD_CONTEXT,
    FIELD_TIMEOUT_MS,
    FIELD_LINK,
    FIELD_NOTIFY,
    FIELD_PROTOCOL,
    FIELD_CLIENT,
    FIELD_TOKEN,
    FIELD_JOB,
    FIELD_TARGET,
    FIELD_COUNT
};

enum { SKIM_MIN = 256 }; /* bytes: a shorter header is parsed as fast */

#define BIT(field) (1u << (field))
#define COMMON     (BIT(FIELD_OP) | BIT(FIELD_ID) | BIT(FIELD_SIZE))

enum { SHOWN_MAX = 60 }; /* bytes of a value in a message */

/* A header while it is parsed. */
struct header {
    struct request *request;
    const char *line;
    size_t len;
    uint64_t payload_max;
    json_t *root;
};

typedef int (*field_reader)(struct header *header, const json_t *value);

static int read_op(struct header *header, const json_t *value);
static int read_id(struct header *header, const json_t *value);
static int read_size(struct header *header, const json_t *value);
static int read_module(struct header *header, const json_t *value);
static int read_context(struct header *header, const json_t *value);
static int read_timeout_ms(struct header *header, const json_t *value);
static int read_link(struct header *header, const json_t *value);
static int read_notify(struct header *header, const json_t *value);
static int read_protocol(struct header *header, const json_t *value);
static int read_client(struct header *header, const json_t *value);
static int read_token(struct header *header, const json_t *value);
static int read_job(struct header *header, const json_t *value);
static int read_target(struct header *header, const json_t *value);

static const struct {
    const char *name;
    field_reader read;
} field_table[FIELD_COUNT] = {
    [FIELD_OP] = {"op", read_op},
    [FIELD_ID] = {"id", read_id},
    [FIELD_SIZE] = {"size", read_size},
    [FIELD_MODULE] = {"module", read_module},
    [FIELD_CONTEXT] = {"context", read_context},
    [FIELD_TIMEOUT_MS] = {"timeout_ms", read_timeout_ms},
    [FIELD_LINK] = {"link", read_link},
    [FIELD_NOTIFY] = {"notify", read_notify},
    [FIELD_PROTOCOL] = {"protocol", read_protocol},
    [FIELD_CLIENT] = {"client", read_client},
    [FIELD_TOKEN] = {"token", read_token},
    [FIELD_JOB] = {"job", read_job},
    [FIELD_TARGET] = {"target", read_target},
};

static const struct {
    const char *name;
    uint32_t required; /* fields */
    uint32_t optional;
    uint32_t one_of; /* exactly one of these */
    bool payload;
} op_table[OP_COUNT] = {
    [OP_NONE] = {.name = ""},
    [OP_HELLO] = {"hello", BIT(FIELD_PROTOCOL),
                  BIT(FIELD_CLIENT) | BIT(FIELD_MODULE) | BIT(FIELD_TOKEN), 0, false},
    [OP_SUBMIT] = {"submit", BIT(FIELD_ID),
                   BIT(FIELD_MODULE) | BIT(FIELD_CONTEXT) | BIT(FIELD_TIMEOUT_MS) |
                       BIT(FIELD_LINK) | BIT(FIELD_NOTIFY),
                   0, true},
    [OP_SET] = {"set", BIT(FIELD_MODULE), 0, 0, false},
    [OP_PING] = {"ping", 0, 0, 0, false},
    [OP_STATS] = {"stats", 0, 0, 0, false},
    [OP_WORKERS] = {"workers", 0, 0, 0, false},
    [OP_CANCEL] = {"cancel", 0, 0, BIT(FIELD_JOB) | BIT(FIELD_TARGET), false},
    [OP_KILL] = {"kill", 0, 0, BIT(FIELD_JOB) | BIT(FIELD_TARGET), false},
};

const char *op_name(enum op op)
{
    return op_table[op].name;
}

/* --- verdicts --- */

enum request_verdict request_refuse(struct request *request, enum request_verdict verdict,
                                    const char *code, const char *fmt, ...)
{
    va_list args;
    request->code = code;
    va_start(args, fmt);
    vsnprintf(request->message, sizeof request->message, fmt, args);
    va_end(args);
    return verdict;
}

/* Returns -1, so that a reader can return it. The first fault is the one that is told. */
__attribute__((format(printf, 3, 4))) static int wrong(struct header *header, const char *code,
                                                       const char *fmt, ...)
{
    struct request *request = header->request;
    va_list args;
    if (request->code)
        return -1;
    request->code = code;
    va_start(args, fmt);
    vsnprintf(request->message, sizeof request->message, fmt, args);
    va_end(args);
    return -1;
}

/* The text of a field that is there. */
static const char *raw_value(const struct header *header, enum field field, const char **end)
{
    const char *value = json_raw_value(header->line, field_table[field].name, end);
    bug_on(!value);
    return value;
}

/* The field as it was sent, cut at SHOWN_MAX bytes; not within a character. */
static void show(const struct header *header, enum field field, char shown[SHOWN_MAX + 1])
{
    const char *end, *raw = raw_value(header, field, &end);
    size_t len = json_raw_compact(raw, end, shown, SHOWN_MAX);
    if (len > SHOWN_MAX) {
        for (len = SHOWN_MAX - 3; ((unsigned char)shown[len] & 0xc0) == 0x80; len--)
            ;
        memcpy(shown + len, "...", 3);
        len += 3;
    }
    shown[len] = '\0';
}

/* "field x is <what was found>; expected <what>". */
static int bad_field(struct header *header, enum field field, const char *expected)
{
    char shown[SHOWN_MAX + 1];
    show(header, field, shown);
    return wrong(header, field == FIELD_SIZE ? "bad-size" : "bad-request",
                 "field %s is %s; expected %s", field_table[field].name, shown, expected);
}

/* --- readers of fields: 0, or -1 with the fault noted --- */

/* An integer from 0 up that was written in digits only; UINT64_MAX for those beyond 64 bits. */
static bool read_digits(const struct header *header, enum field field, uint64_t *value)
{
    const char *end;
    return json_raw_digits(raw_value(header, field, &end), value);
}

/* Returns the length of a text that is known to fit. */
static size_t write_json(const json_t *value, char *text, size_t max)
{
    size_t n = json_dumpb(value, text, max, JSON_COMPACT | JSON_ENCODE_ANY);
    bug_on(n > max);
    text[n] = '\0';
    return n;
}

static int read_op(struct header *header, const json_t *value)
{
    struct request *request = header->request;
    const char *name = json_string_value(value);
    if (!name)
        return bad_field(header, FIELD_OP, "a string");
    request->op_text[0] = '\0';
    if (json_string_length(value) <= CODE_MAX)
        write_json(value, request->op_text, OP_TEXT_MAX);
    for (int op = OP_NONE + 1; op < OP_COUNT; op++)
        if (strcmp(op_table[op].name, name) == 0)
            request->op = (enum op)op;
    return 0;
}

static int read_id_text(struct header *header, enum field field, const json_t *value, char *text,
                        size_t *len)
{
    uint64_t number = 0;
    bool fine = json_is_string(value)
                    ? json_string_length(value) >= 1 && json_string_length(value) <= ID_MAX
                    : read_digits(header, field, &number) && number <= ID_INTEGER_MAX;
    if (!fine)
        return bad_field(
            header, field,
            "a string of 1 to 64 bytes, or an integer from 0 to 2^53-1 in digits only");
    *len = write_json(value, text, ID_TEXT_MAX);
    return 0;
}

static int read_id(struct header *header, const json_t *value)
{
    return read_id_text(header, FIELD_ID, value, header->request->id, &header->request->id_len);
}

static int read_target(struct header *header, const json_t *value)
{
    return read_id_text(header, FIELD_TARGET, value, header->request->target,
                        &header->request->target_len);
}

static int read_size(struct header *header, const json_t *value)
{
    char expected[80];
    uint64_t size;
    (void)value;
    snprintf(expected, sizeof expected,
             "an integer from 0 to payload_max, %" PRIu64 ", in digits only", header->payload_max);
    if (!read_digits(header, FIELD_SIZE, &size))
        return bad_field(header, FIELD_SIZE, expected);
    header->request->size = (size_t)size;
    return 0;
}

static int read_module(struct header *header, const json_t *value)
{
    const char *name = json_string_value(value);
    if (!name || !module_name_valid(name, json_string_length(value)))
        return bad_field(header, FIELD_MODULE, "a string of 1 to 64 of [A-Za-z0-9_-]");
    header->request->module_len = json_string_length(value);
    memcpy(header->request->module, name, header->request->module_len + 1);
    return 0;
}

static int read_context(struct header *header, const json_t *value)
{
    struct request *request = header->request;
    const char *end, *raw = raw_value(header, FIELD_CONTEXT, &end);
    (void)value;
    size_t len = json_raw_compact(raw, end, request->context, CONTEXT_MAX);
    request->context_len = len <= CONTEXT_MAX ? len : 0;
    request->context[request->context_len] = '\0';
    if (len <= CONTEXT_MAX)
        return 0;
    return wrong(header, "bad-request",
                 "field context is %zu bytes as compact text; expected at most %d", len,
                 CONTEXT_MAX);
}

static int read_timeout_ms(struct header *header, const json_t *value)
{
    uint64_t ms;
    (void)value;
    if (!read_digits(header, FIELD_TIMEOUT_MS, &ms) || ms < 1 || ms > INT32_MAX)
        return bad_field(header, FIELD_TIMEOUT_MS, "an integer from 1 to 2147483647");
    header->request->timeout_ms = (uint32_t)ms;
    return 0;
}

static int read_link(struct header *header, const json_t *value)
{
    if (!json_is_boolean(value))
        return bad_field(header, FIELD_LINK, "true or false");
    header->request->link = json_is_true(value);
    return 0;
}

static int read_notify(struct header *header, const json_t *value)
{
    static const char expected[] = "a list of \"accepted\" and \"started\"";
    size_t i;
    json_t *item;
    if (!json_is_array(value))
        return bad_field(header, FIELD_NOTIFY, expected);
    json_array_foreach (value, i, item) {
        const char *name = json_is_string(item) ? json_string_value(item) : "";
        if (strcmp(name, "accepted") == 0)
            header->request->notify_accepted = true;
        else if (strcmp(name, "started") == 0)
            header->request->notify_started = true;
        else
            return bad_field(header, FIELD_NOTIFY, expected);
    }
    return 0;
}

static int read_protocol(struct header *header, const json_t *value)
{
    if (json_is_integer(value) && json_integer_value(value) == PROTOCOL_VERSION)
        return 0;
    bad_field(header, FIELD_PROTOCOL, "1, the only version that this server speaks");
    header->request->code = "bad-version"; /* nothing else was looked at before */
    return -1;
}

static int read_text(struct header *header, enum field field, const json_t *value, char *text,
                     size_t max, const char *expected)
{
    size_t len = json_string_length(value);
    if (!json_is_string(value) || len < 1 || len > max)
        return bad_field(header, field, expected);
    memcpy(text, json_string_value(value), len);
    text[len] = '\0';
    return 0;
}

static int read_client(struct header *header, const json_t *value)
{
    return read_text(header, FIELD_CLIENT, value, header->request->client, CLIENT_NAME_MAX,
                     "a string of 1 to 64 bytes");
}

/* Whether a token is asked for is not known here; if none is, any value will do. */
static int read_token(struct header *header, const json_t *value)
{
    size_t len = json_string_length(value);
    header->request->token_wrong = !json_is_string(value) || len < 1 || len > TOKEN_MAX;
    if (!header->request->token_wrong)
        memcpy(header->request->token, json_string_value(value), len + 1);
    return 0;
}

static int read_job(struct header *header, const json_t *value)
{
    return read_text(header, FIELD_JOB, value, header->request->job, JOB_NAME_MAX,
                     "a job's id, a string of 1 to 64 bytes");
}

/* --- a whole request --- */

static enum request_verdict load(struct header *header)
{
    json_error_t error;
    const char *nul = memchr(header->line, '\0', header->len);
    if (!nul)
        header->root = json_load_any(header->line, header->len, JSON_REJECT_DUPLICATES, &error);
    if (nul) /* jansson passes over one behind a number */
        wrong(header, "bad-json", "a NUL at byte %td; expected a JSON object", nul - header->line);
    else if (!header->len)
        wrong(header, "bad-json", "the line is empty; expected a JSON object");
    else if (!header->root)
        wrong(header, "bad-json", "%s at byte %d; expected a JSON object", json_reason(&error),
              error.position);
    else if (!json_is_object(header->root))
        wrong(header, "bad-json", "the top level is an array; expected an object");
    else if (json_raw_depth(header->line, header->len) > HEADER_DEPTH_MAX)
        wrong(header, "bad-json", "nested deeper than %d levels", HEADER_DEPTH_MAX);
    return header->request->code ? REQUEST_BROKEN : REQUEST_FINE;
}

static int read_field(struct header *header, enum field field)
{
    const json_t *value = json_object_get(header->root, field_table[field].name);
    if (!value)
        return 0;
    header->request->fields |= BIT(field);
    return field_table[field].read(header, value);
}

/* Reads what an error echoes; what is wrong with it is told in its turn. */
static void read_quietly(struct header *header, enum field field)
{
    struct request *request = header->request;
    if (read_field(header, field) < 0 && field != FIELD_OP)
        request->fields &= ~BIT(field);
    request->code = NULL;
    request->message[0] = '\0';
}

/* What an error can echo is read first, the size decides about the framing; a wrong op or id is
 * told in its turn. */
static enum request_verdict read_frame(struct header *header)
{
    struct request *request = header->request;
    read_quietly(header, FIELD_OP);
    read_quietly(header, FIELD_ID);
    read_quietly(header, FIELD_CONTEXT);
    if (read_field(header, FIELD_SIZE) == 0 && request->size > header->payload_max) {
        char shown[SHOWN_MAX + 1];
        show(header, FIELD_SIZE, shown);
        wrong(header, "payload-too-large",
              "field size is %s; expected at most payload_max, %" PRIu64, shown,
              header->payload_max);
    }
    return request->code ? REQUEST_BROKEN : REQUEST_FINE;
}

static enum field field_named(const char *name, size_t len)
{
    int field = 0;
    while (field < FIELD_COUNT && (strncmp(field_table[field].name, name, len) != 0 ||
                                   field_table[field].name[len] != '\0'))
        field++;
    return (enum field)field;
}

static bool is_taken(const char *name, uint32_t allowed)
{
    enum field field = field_named(name, strlen(name));
    return field != FIELD_COUNT && allowed & BIT(field);
}

static void refuse_unknown_fields(struct header *header, uint32_t allowed)
{
    const char *name;
    json_t *value;
    json_object_foreach (header->root, name, value)
        if (!is_taken(name, allowed))
            wrong(header, "bad-request", "%s takes no field %.64s",
                  op_table[header->request->op].name, name);
}

/* Names in the order in which they were sent, as many as there is room for. */
static void list_ignored_fields(struct header *header, uint32_t allowed)
{
    struct request *request = header->request;
    char *list = request->ignored;
    size_t len = 0;
    bool cut = false;
    const char *name;
    json_t *value;
    json_object_foreach (header->root, name, value) {
        if (is_taken(name, allowed))
            continue;
        /* Between a bracket or comma, and the last bracket. */
        size_t room = len + 2 < IGNORED_MAX ? IGNORED_MAX - 2 - len : 0;
        json_t *text = json_string(name);
        size_t needs = json_dumpb(text, list + len + 1, room, JSON_ENCODE_ANY);
        json_decref(text);
        request->ignored_count++;
        cut |= needs > room;
        if (cut)
            continue;
        list[len] = len ? ',' : '[';
        len += 1 + needs;
    }
    if (request->ignored_count)
        request->ignored_len = len + (size_t)sprintf(list + len, len ? "]" : "[]");
}

/* A hello is the only request whose sender cannot know yet what the server takes: a newer client
 * need not connect twice. */
static void check_known_fields(struct header *header)
{
    enum op op = header->request->op;
    uint32_t allowed = COMMON | op_table[op].required | op_table[op].optional | op_table[op].one_of;
    if (op == OP_HELLO)
        list_ignored_fields(header, allowed);
    else
        refuse_unknown_fields(header, allowed);
}

static void check_required_fields(struct header *header)
{
    struct request *request = header->request;
    uint32_t required = op_table[request->op].required, one_of = op_table[request->op].one_of;
    for (int field = 0; field < FIELD_COUNT; field++)
        if (required & BIT(field) & ~request->fields)
            wrong(header, "bad-request", "%s needs a field %s", op_table[request->op].name,
                  field_table[field].name);
    uint32_t given = one_of & request->fields;
    if (one_of && (!given || given & (given - 1)))
        wrong(header, "bad-request", "%s needs either a field job or a field target",
              op_table[request->op].name);
}

static void check_op(struct header *header)
{
    struct request *request = header->request;
    if (!(request->fields & BIT(FIELD_OP)))
        wrong(header, "bad-request", "the header needs a field op");
    else if (read_field(header, FIELD_OP) == 0 && request->op == OP_NONE)
        wrong(header, "unknown-op", "there is no operation %s in this release",
              request->op_text[0] ? request->op_text : "of so long a name");
    else if (request->op == OP_HELLO && !json_object_get(header->root, "protocol"))
        wrong(header, "bad-version", "hello needs a field protocol; this server speaks 1");
}

static void read_fields(struct header *header)
{
    struct request *request = header->request;
    check_op(header);
    if (request->op == OP_NONE)
        return;
    uint32_t fields = BIT(FIELD_ID) | op_table[request->op].required |
                      op_table[request->op].optional | op_table[request->op].one_of;
    if (request->op == OP_HELLO)
        read_field(header, FIELD_PROTOCOL); /* looked at before anything else */
    check_known_fields(header);
    for (int field = 0; field < FIELD_COUNT; field++)
        if (fields & BIT(field) & ~request->fields)
            read_field(header, (enum field)field);
    check_required_fields(header);
    if (request->size && !op_table[request->op].payload)
        wrong(header, "bad-request", "%s takes no payload; field size is %zu",
              op_table[request->op].name, request->size);
}

static void clear(struct request *request)
{
    request->op = OP_NONE;
    request->fields = 0;
    request->size = request->id_len = request->module_len = request->context_len = 0;
    request->target_len = 0;
    request->timeout_ms = 0;
    request->link = request->notify_accepted = request->notify_started = false;
    request->token_wrong = false;
    request->ignored_len = request->ignored_count = 0;
    request->op_text[0] = request->id[0] = request->module[0] = request->client[0] = '\0';
    request->token[0] = request->job[0] = request->target[0] = request->message[0] = '\0';
    request->context[0] = request->ignored[0] = '\0';
    request->code = NULL;
}

enum request_verdict request_parse_general(struct request *request, const char *line, size_t len,
                                           uint64_t payload_max)
{
    struct header header = {
        .request = request, .line = line, .len = len, .payload_max = payload_max};
    clear(request);
    enum request_verdict verdict = load(&header);
    if (verdict == REQUEST_FINE)
        verdict = read_frame(&header);
    if (verdict == REQUEST_FINE) {
        read_fields(&header);
        verdict = request->code ? REQUEST_WRONG : REQUEST_FINE;
    }
    json_decref(header.root);
    return verdict;
}

static bool is_field(const char *name, size_t len)
{
    return field_named(name, len) != FIELD_COUNT;
}

/* Shortens a long header that is wrong because of an unknown field. A text that is not valid is
 * read to the letter, for its error names a place in it; so is a hello, which lists its unknown
 * fields. */
static bool refuse_early(struct request *request, const char *line, size_t len,
                         uint64_t payload_max)
{
    static char text[HEADER_MAX];
    size_t n = len > SKIM_MIN && len <= sizeof text ? request_skim(line, len, is_field, text) : 0;
    return n && request_parse_general(request, text, n, payload_max) == REQUEST_WRONG &&
           request->op != OP_HELLO;
}

enum request_verdict request_parse(struct request *request, const char *line, size_t len,
                                   uint64_t payload_max)
{
    clear(request);
    if (request_scan(request, line, len, payload_max))
        return REQUEST_FINE;
    if (refuse_early(request, line, len, payload_max))
        return REQUEST_WRONG;
    return request_parse_general(request, line, len, payload_max);
}
