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
    tm_client_status status;
    struct tmc_failure *failure;
};

static struct builder begin(const char *op, struct tmc_failure *failure)
{
    struct builder builder = {.header = json_object(), .failure = failure};
    if (!builder.header || json_object_set_new(builder.header, "op", json_string(op)) < 0)
        builder.status = tmc_failure_memory(failure);
    return builder;
}

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

/* Leaves out 0. */
static void add_number(struct builder *builder, const char *key, uint64_t number)
{
    if (number > 0)
        add(builder, key, json_integer((json_int_t)number));
}

static tm_client_status check_context(const char *text, size_t size, struct tmc_failure *failure)
{
    size_t len = json_raw_compact(text, text + size, NULL, 0);
    if (len > CONTEXT_MAX)
        return tmc_failure_set(failure, TM_CLIENT_INVALID,
                               "the context has %zu bytes as compact JSON; at most %d are allowed",
                               len, CONTEXT_MAX);
    size_t depth = json_raw_depth(text, size);
    if (depth > HEADER_DEPTH_MAX - 1)
        return tmc_failure_set(failure, TM_CLIENT_INVALID,
                               "the context nests %zu deep; at most %d levels are allowed", depth,
                               HEADER_DEPTH_MAX - 1);
    return TM_CLIENT_OK;
}

/* Keeps the text itself, after jansson has checked it: jansson would write 1.10 as
 * 1.1000000000000001. */
static void add_context(struct builder *builder, const char *text)
{
    if (!text || builder->status != TM_CLIENT_OK)
        return;
    json_error_t error;
    errno = 0;
    json_t *context =
        json_load_any(text, strlen(text), JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (context)
        builder->status = check_context(text, strlen(text), builder->failure);
    else
        builder->status = tmc_failure_json(builder->failure, TM_CLIENT_INVALID,
                                           "the context is not JSON", &error);
    json_decref(context);
    builder->context = text;
}

/* Bit n of TM_CLIENT_NOTIFY_... asks for word n. */
static const char *const notify_words[] = {"accepted", "started"};

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

/* Puts the context behind the last field of a header of `len` bytes. Returns the new length, also
 * if it is larger than `room`. */
static size_t append_context(const char *context, char *line, size_t len, size_t room)
{
    static const char key[] = ",\"context\":";
    size_t at = len + sizeof key - 2; /* without the NUL, over the brace */
    if (at >= room)
        return at + 1;
    memcpy(line + len - 1, key, sizeof key - 1);
    at += json_raw_compact(context, context + strlen(context), line + at, room - at - 1);
    if (at < room)
        line[at] = '}';
    return at + 1;
}

/* Writes the line and frees the builder's header. */
static tm_client_status finish(struct builder *builder, struct tmc_request *request)
{
    const size_t room = sizeof request->line - 1;
    size_t len = 0;
    if (builder->status == TM_CLIENT_OK) {
        len = json_dumpb(builder->header, request->line, room, JSON_COMPACT);
        if (builder->context && len > 0 && len <= room)
            len = append_context(builder->context, request->line, len, room);
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

tm_client_status tmc_request_check_reserved(const uint64_t *words, size_t size,
                                            struct tmc_failure *failure)
{
    for (size_t i = 0; i < size / sizeof *words; i++)
        if (words[i])
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

tm_client_status tmc_request_submit(struct tmc_request *request, uint64_t id, const char *module,
                                    size_t size, const tm_client_submit_options *options,
                                    struct tmc_failure *failure)
{
    struct builder builder = begin("submit", failure);
    add_number(&builder, "id", id);
    add_text(&builder, "module", module);
    if (options) {
        add_context(&builder, options->context);
        add_notify(&builder, options->notify);
        add_number(&builder, "timeout_ms", options->timeout_ms);
        if (options->link)
            add(&builder, "link", json_true());
    }
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
