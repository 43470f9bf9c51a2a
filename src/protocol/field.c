/*
 * field: reads one field of a header by its row, or describes the fault in it.
 *
 * jansson parses the header. Numbers and contexts are then read from the valid text: jansson takes
 * -0 for 0, has no integers beyond 64 bits (json_load.h), and would return a context's 1.10 as
 * 1.1000000000000001.
 */
#include "base/rfc3339.h"
#include "common/json_raw.h"
#include "common/log.h"
#include "common/name.h"
#include "protocol/protocol_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The beginning of every REQUEST_TEXT(). */
struct text {
    size_t len;
    char bytes[];
};

typedef int (*reader)(struct header *header, const struct field *field, const json_t *value);

bool field_is_given(const struct header *header, const struct field *field)
{
    return json_object_get(header->root, field->name) != NULL;
}

static void *place(const struct header *header, const struct field *field)
{
    return (char *)header->request + field->at;
}

static const char *raw_value(const struct header *header, const struct field *field,
                             const char **end)
{
    const char *value = json_raw_value(header->line, field->name, end);
    bug_on(!value);
    return value;
}

/* --- faults --- */

void field_show(const struct header *header, const struct field *field,
                char shown[FIELD_SHOWN_MAX + 1])
{
    const char *end, *raw = raw_value(header, field, &end);
    size_t len = json_raw_compact(raw, end, shown, FIELD_SHOWN_MAX);
    if (len > FIELD_SHOWN_MAX) {
        for (len = FIELD_SHOWN_MAX - 3; ((unsigned char)shown[len] & 0xc0) == 0x80; len--)
            ;
        memcpy(shown + len, "...", 3);
        len += 3;
    }
    shown[len] = '\0';
}

/* "field x is <the value>; expected <the kind and range>". */
static int bad_field(struct header *header, const struct field *field)
{
    char shown[FIELD_SHOWN_MAX + 1], expected[FIELD_EXPECTED_MAX];
    const char *code = field->kind == FIELD_SIZE      ? "bad-size"
                       : field->kind == FIELD_VERSION ? "bad-version"
                                                      : "bad-request";
    field_show(header, field, shown);
    field_expected(header, field, expected);
    return header_fault(header, code, "field %s%s%s is %s; expected %s",
                        header->within ? header->within->name : "", header->within ? "." : "",
                        field->name, shown, expected);
}

/* --- readers: 0, or -1 with the fault noted --- */

/* Reads an integer of digits only; one beyond 64 bits becomes UINT64_MAX. False for other values.
 */
static bool read_digits(const struct header *header, const struct field *field, uint64_t *value)
{
    const char *end;
    return json_raw_digits(raw_value(header, field, &end), value);
}

/* Writes a value as compact JSON. The caller has checked its length. */
static void write_json(const json_t *value, struct text *text, size_t max)
{
    text->len = json_dumpb(value, text->bytes, max, JSON_COMPACT | JSON_ENCODE_ANY);
    bug_on(text->len > max);
    text->bytes[text->len] = '\0';
}

static void write_text(const json_t *value, struct text *text)
{
    text->len = json_string_length(value);
    memcpy(text->bytes, json_string_value(value), text->len + 1);
}

static bool is_string_of(const json_t *value, uint64_t min, uint64_t max)
{
    return json_is_string(value) && json_string_length(value) >= min &&
           json_string_length(value) <= max;
}

static int read_string(struct header *header, const struct field *field, const json_t *value)
{
    if (!is_string_of(value, field->min, field->max))
        return bad_field(header, field);
    write_text(value, place(header, field));
    return 0;
}

static int read_name(struct header *header, const struct field *field, const json_t *value)
{
    if (!is_string_of(value, 1, field->max) ||
        !module_name_valid(json_string_value(value), json_string_length(value)))
        return bad_field(header, field);
    write_text(value, place(header, field));
    return 0;
}

static int read_service(struct header *header, const struct field *field, const json_t *value)
{
    if (!is_string_of(value, 1, field->max) ||
        !service_name_valid(json_string_value(value), json_string_length(value)))
        return bad_field(header, field);
    write_text(value, place(header, field));
    return 0;
}

static int read_id(struct header *header, const struct field *field, const json_t *value)
{
    uint64_t number = 0;
    bool fine = json_is_string(value)
                    ? is_string_of(value, 1, ID_MAX)
                    : read_digits(header, field, &number) && number <= ID_INTEGER_MAX;
    if (!fine)
        return bad_field(header, field);
    write_json(value, place(header, field), ID_TEXT_MAX);
    return 0;
}

static int read_uint(struct header *header, const struct field *field, const json_t *value)
{
    uint64_t number;
    (void)value;
    if (!read_digits(header, field, &number) || number < field->min || number > field->max)
        return bad_field(header, field);
    *(uint32_t *)place(header, field) = (uint32_t)number;
    return 0;
}

static int read_uint64(struct header *header, const struct field *field, const json_t *value)
{
    uint64_t number;
    (void)value;
    if (!read_digits(header, field, &number) || number < field->min || number > field->max)
        return bad_field(header, field);
    *(uint64_t *)place(header, field) = number;
    return 0;
}

static int read_time(struct header *header, const struct field *field, const json_t *value)
{
    uint64_t *ms = place(header, field);
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    return rfc3339_read(text, json_string_length(value), ms) ? 0 : bad_field(header, field);
}

static int read_true(struct header *header, const struct field *field, const json_t *value)
{
    if (!json_is_true(value))
        return bad_field(header, field);
    *(bool *)place(header, field) = true;
    return 0;
}

/* Returns the place of the text, from 0; that of the NULL if it is none of the words. */
static uint32_t place_of_word(const struct field *field, const json_t *value)
{
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    uint32_t word = 0;
    while (field->words[word] && strcmp(field->words[word], text) != 0)
        word++;
    return word;
}

static int read_word(struct header *header, const struct field *field, const json_t *value)
{
    uint32_t word = place_of_word(field, value);
    if (!field->words[word])
        return bad_field(header, field);
    *(uint32_t *)place(header, field) = word + 1;
    return 0;
}

static int read_switch(struct header *header, const struct field *field, const json_t *value)
{
    if (!json_is_boolean(value)) {
        int fault = read_word(header, field, value);
        *(uint32_t *)place(header, field) += !fault;
        return fault;
    }
    *(uint32_t *)place(header, field) = json_is_true(value);
    return 0;
}

static int read_words(struct header *header, const struct field *field, const json_t *value)
{
    uint32_t *bits = place(header, field);
    size_t i;
    json_t *item;
    if (!json_is_array(value))
        return bad_field(header, field);
    json_array_foreach (value, i, item) {
        uint32_t word = place_of_word(field, item);
        if (!field->words[word])
            return bad_field(header, field);
        *bits |= 1u << word;
    }
    return 0;
}

static int read_context(struct header *header, const struct field *field, const json_t *value)
{
    struct request *request = header->request;
    const char *end, *raw = raw_value(header, field, &end);
    (void)value;
    size_t len = json_raw_compact(raw, end, request->context.text, field->max);
    request->context.len = len <= field->max ? len : 0;
    request->context.text[request->context.len] = '\0';
    if (len <= field->max)
        return 0;
    return header_fault(header, "bad-request",
                        "field %s is %zu bytes as compact text; expected at most %" PRIu64,
                        field->name, len, field->max);
}

static int read_version(struct header *header, const struct field *field, const json_t *value)
{
    if (json_is_integer(value) && json_integer_value(value) == PROTOCOL_VERSION)
        return 0;
    return bad_field(header, field);
}

/* Any value passes: without a token-file, the protocol ignores this field. */
static int read_token(struct header *header, const struct field *field, const json_t *value)
{
    struct request *request = header->request;
    request->token_wrong = !is_string_of(value, field->min, field->max);
    if (!request->token_wrong)
        write_text(value, (struct text *)&request->token);
    return 0;
}

static int read_op(struct header *header, const struct field *field, const json_t *value)
{
    struct request *request = header->request;
    const char *name = json_string_value(value);
    if (!name)
        return bad_field(header, field);
    if (json_string_length(value) <= CODE_MAX)
        write_json(value, (struct text *)&request->op, OP_TEXT_MAX);
    const struct operation *const *at = header->protocol->operations;
    while (*at && strcmp((*at)->name, name) != 0)
        at++;
    request->operation = *at;
    return 0;
}

static int read_size(struct header *header, const struct field *field, const json_t *value)
{
    uint64_t size;
    (void)value;
    if (!read_digits(header, field, &size))
        return bad_field(header, field);
    header->request->size = (size_t)size;
    return 0;
}

/* Notes a fault if the object has a member without a row. */
static void refuse_unknown_members(struct header *object)
{
    const char *name;
    json_t *value;
    json_object_foreach (object->root, name, value) {
        const struct field *member = object->within->fields;
        while (member->name && strcmp(member->name, name) != 0)
            member++;
        if (!member->name)
            header_fault(object, "bad-request", "field %s takes no member %.64s",
                         object->within->name, name);
    }
}

static int read_object(struct header *header, const struct field *field, const json_t *value)
{
    const char *end;
    struct header object = *header;
    if (!json_is_object(value) || !json_object_size(value))
        return bad_field(header, field);
    object.within = field;
    object.root = json_object_get(header->root, field->name);
    object.line = raw_value(header, field, &end);
    refuse_unknown_members(&object);
    for (const struct field *member = field->fields; member->name; member++)
        if (field_is_given(&object, member))
            field_read(&object, member);
    return header->request->code ? -1 : 0;
}

static const reader readers[] = {
    [FIELD_STRING] = read_string, [FIELD_NAME] = read_name,       [FIELD_ID] = read_id,
    [FIELD_UINT] = read_uint,     [FIELD_SWITCH] = read_switch,   [FIELD_WORDS] = read_words,
    [FIELD_WORD] = read_word,     [FIELD_CONTEXT] = read_context, [FIELD_VERSION] = read_version,
    [FIELD_TOKEN] = read_token,   [FIELD_OP] = read_op,           [FIELD_SIZE] = read_size,
    [FIELD_TRUE] = read_true,     [FIELD_SERVICE] = read_service, [FIELD_OBJECT] = read_object,
    [FIELD_UINT64] = read_uint64, [FIELD_TIME] = read_time,
};

int field_read(struct header *header, const struct field *field)
{
    return readers[field->kind](header, field, json_object_get(header->root, field->name));
}
