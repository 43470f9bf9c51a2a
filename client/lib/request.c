/* request: see request.h. */
#include "request.h"

#include "common/json_load.h"
#include "common/json_raw.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* The header being built, and the first fault. After a fault the functions below do nothing: their
 * callers need no error paths. */
struct builder {
    json_t *header;
    const char *context; /* JSON text, to be the last field; NULL: none */
    const char *fields;  /* JSON text of an object: further fields; NULL: none */
    tm_client_status status;
    struct tmc_failure *failure;
};

/* Takes ownership of the value. */
static void add(struct builder *builder, const char *key, json_t *value)
{
    if (builder->status != TM_CLIENT_OK)
        json_decref(value);
    else if (json_object_set_new(builder->header, key, value) < 0)
        builder->status = tmc_failure_memory(builder->failure);
}

/* Leaves out NULL. */
static void add_text(struct builder *builder, const char *key, const char *text)
{
    if (!text || builder->status != TM_CLIENT_OK)
        return;
    errno = 0;
    json_t *value = json_string(text);
    if (!value && errno != ENOMEM)
        builder->status =
            tmc_failure_set(builder->failure, TM_CLIENT_INVALID, "the %s is not UTF-8 text", key);
    else
        add(builder, key, value);
}

static struct builder begin(const char *op, struct tmc_failure *failure)
{
    struct builder builder = {.header = json_object(), .failure = failure};
    if (!builder.header)
        builder.status = tmc_failure_memory(failure);
    add_text(&builder, "op", op);
    return builder;
}

/* Leaves out 0. */
static void add_number(struct builder *builder, const char *key, uint64_t number)
{
    if (number > 0)
        add(builder, key, json_integer((json_int_t)number));
}

static tm_client_status check_depth(const char *what, const char *text, int depth_max,
                                    struct tmc_failure *failure)
{
    size_t depth = json_raw_depth(text, strlen(text));
    if (depth <= (size_t)depth_max)
        return TM_CLIENT_OK;
    return tmc_failure_set(failure, TM_CLIENT_INVALID,
                           "the %s %zu deep; at most %d levels are allowed", what, depth,
                           depth_max);
}

static tm_client_status check_context(const char *text, struct tmc_failure *failure)
{
    size_t len = json_raw_compact(text, text + strlen(text), NULL, 0);
    if (len > CONTEXT_MAX)
        return tmc_failure_set(failure, TM_CLIENT_INVALID,
                               "the context has %zu bytes as compact JSON; at most %d are allowed",
                               len, CONTEXT_MAX);
    return check_depth("context nests", text, HEADER_DEPTH_MAX - 1, failure);
}

/* Returns the value, to be given up with json_decref(); NULL if the text is not JSON. `words` are
 * for the failure. */
static json_t *load(struct builder *builder, const char *text, const char *words)
{
    json_error_t error;
    errno = 0;
    json_t *value =
        json_load_any(text, strlen(text), JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (!value)
        builder->status = tmc_failure_json(builder->failure, TM_CLIENT_INVALID, words, &error);
    return value;
}

/* Keeps the text itself, after jansson has checked it: jansson would write 1.10 as
 * 1.1000000000000001. */
static void add_context(struct builder *builder, const char *text)
{
    if (!text || builder->status != TM_CLIENT_OK)
        return;
    json_t *context = load(builder, text, "the context is not JSON");
    if (context)
        builder->status = check_context(text, builder->failure);
    json_decref(context);
    builder->context = text;
}

/* The library's own fields of a request. */
static const char *const own_fields[] = {"op", "id", "size"};

static tm_client_status check_fields(const char *text, const json_t *fields,
                                     struct tmc_failure *failure)
{
    if (!json_is_object(fields))
        return tmc_failure_set(failure, TM_CLIENT_INVALID, "the fields are no JSON object");
    for (size_t i = 0; i < sizeof own_fields / sizeof own_fields[0]; i++)
        if (json_object_get(fields, own_fields[i]))
            return tmc_failure_set(failure, TM_CLIENT_INVALID, "the field %s is the library's own",
                                   own_fields[i]);
    return check_depth("fields nest", text, HEADER_DEPTH_MAX, failure);
}

/* Keeps the text itself, like a context. Returns true if the fields of a submit make the job
 * nobody's. */
static bool add_fields(struct builder *builder, const char *text)
{
    if (!text || builder->status != TM_CLIENT_OK)
        return false;
    json_t *fields = load(builder, text, "the fields are not JSON");
    if (fields)
        builder->status = check_fields(text, fields, builder->failure);
    bool detached = json_is_true(json_object_get(fields, "detach")) ||
                    json_is_string(json_object_get(fields, "service"));
    if (json_object_size(fields) > 0)
        builder->fields = text;
    json_decref(fields);
    return detached;
}

/* Bit n of TM_CLIENT_NOTIFY_... asks for word n. */
static const char *const notify_words[] = {"accepted", "started", "progress",
                                           "part",     "usage",   "retry"};

enum { NOTIFY_WORDS = sizeof notify_words / sizeof notify_words[0] };

static void add_notify(struct builder *builder, uint32_t notify)
{
    if (notify == 0 || builder->status != TM_CLIENT_OK)
        return;
    if (notify >> NOTIFY_WORDS) {
        builder->status = tmc_failure_set(builder->failure, TM_CLIENT_INVALID,
                                          "notify has bits that this release does not know");
        return;
    }
    json_t *list = json_array();
    int failed = 0;
    for (int i = 0; i < NOTIFY_WORDS; i++)
        if (notify >> i & 1)
            failed |= json_array_append_new(list, json_string(notify_words[i]));
    if (failed) {
        json_decref(list);
        list = NULL;
    }
    add(builder, "notify", list);
}

/* Puts raw text behind the last field of a header of `len` bytes, with `prefix` before it. Returns
 * the new length, also if it is larger than `room`. */
static size_t append_raw(const char *prefix, const char *text, const char *end, char *line,
                         size_t len, size_t room)
{
    size_t at = len - 1; /* over the brace */
    if (at + strlen(prefix) >= room)
        return room + 1;
    while (*prefix)
        line[at++] = *prefix++;
    at += json_raw_compact(text, end, line + at, room - at - 1);
    if (at < room)
        line[at] = '}';
    return at + 1;
}

/* Returns the length of the whole header, also if it is larger than `room`; 0 without memory. */
static size_t write_header(const struct builder *builder, char *line, size_t room)
{
    size_t len = json_dumpb(builder->header, line, room, JSON_COMPACT);
    if (builder->context && len > 0 && len <= room)
        len = append_raw(",\"context\":", builder->context,
                         builder->context + strlen(builder->context), line, len, room);
    if (builder->fields && len > 0 && len <= room)
        len = append_raw(",", strchr(builder->fields, '{') + 1, strrchr(builder->fields, '}'), line,
                         len, room);
    return len;
}

/* Writes the line and frees the builder's header. */
static tm_client_status finish(struct builder *builder, struct tmc_request *request)
{
    const size_t room = sizeof request->line - 1;
    size_t len = 0;
    if (builder->status == TM_CLIENT_OK) {
        len = write_header(builder, request->line, room);
        if (len == 0)
            builder->status = tmc_failure_memory(builder->failure);
        else if (len > room)
            builder->status =
                tmc_failure_set(builder->failure, TM_CLIENT_INVALID,
                                "the request's header would have %zu bytes; at most %d are allowed",
                                len + 1, HEADER_MAX);
    }
    json_decref(builder->header);
    if (builder->status != TM_CLIENT_OK)
        return builder->status;
    request->line[len] = '\n';
    request->len = len + 1;
    return TM_CLIENT_OK;
}

tm_client_status tmc_request_check_reserved(const void *reserved, size_t size,
                                            struct tmc_failure *failure)
{
    const char *bytes = reserved;
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return tmc_failure_set(failure, TM_CLIENT_INVALID,
                                   "a reserved member of the options is not zero");
    return TM_CLIENT_OK;
}

tm_client_status tmc_request_hello(struct tmc_request *request, const tm_client_options *options,
                                   struct tmc_failure *failure)
{
    struct builder builder = begin("hello", failure);
    add_number(&builder, "protocol", PROTOCOL_VERSION);
    if (options) {
        add_text(&builder, "client", options->name);
        add_text(&builder, "module", options->module);
        add_text(&builder, "token", options->token);
    }
    return finish(&builder, request);
}

/* The relay's own reserved members were checked. */
static void add_relay(struct builder *builder, const tm_client_relay *relay)
{
    add_text(builder, "origin", relay->origin);
    add_text(builder, "for", relay->owner);
    add_number(builder, "attempt", relay->attempt);
}

static void add_options(struct builder *builder, const tm_client_submit_options *options)
{
    add_context(builder, options->context);
    add_notify(builder, options->notify);
    add_number(builder, "timeout_ms", options->timeout_ms);
    add_number(builder, "soft_timeout_ms", options->soft_timeout_ms);
    add_number(builder, "max_wait_ms", options->max_wait_ms);
    if (options->link_on_failure)
        add_text(builder, "link", "on-failure");
    else if (options->link)
        add(builder, "link", json_true());
    if (options->detach)
        add(builder, "detach", json_true());
    add_text(builder, "service", options->service);
    if (options->relay)
        add_relay(builder, options->relay);
}

tm_client_status tmc_request_submit(struct tmc_request *request, uint64_t id, const char *module,
                                    size_t size, const tm_client_submit_options *options,
                                    struct tmc_failure *failure)
{
    struct builder builder = begin("submit", failure);
    add_number(&builder, "id", id);
    add_text(&builder, "module", module);
    if (options)
        add_options(&builder, options);
    add(&builder, "size", json_integer((json_int_t)size));
    return finish(&builder, request);
}

tm_client_status tmc_request_plain(struct tmc_request *request, const char *op, uint64_t id,
                                   const struct tmc_request_field *fields,
                                   struct tmc_failure *failure)
{
    struct builder builder = begin(op, failure);
    add_number(&builder, "id", id);
    for (; fields && fields->key; fields++) {
        add_text(&builder, fields->key, fields->text);
        if (fields->wants_zero && fields->number == 0)
            add(&builder, fields->key, json_integer(0));
        add_number(&builder, fields->key, fields->number);
    }
    return finish(&builder, request);
}

tm_client_status tmc_request_any(struct tmc_request *request, const char *op, uint64_t id,
                                 const char *fields, size_t size, bool *detached,
                                 struct tmc_failure *failure)
{
    if (strcmp(op, "hello") == 0)
        return tmc_failure_set(failure, TM_CLIENT_INVALID, "the hello is the library's own");
    struct builder builder = begin(op, failure);
    add_number(&builder, "id", id);
    add_number(&builder, "size", size);
    *detached = add_fields(&builder, fields);
    return finish(&builder, request);
}
