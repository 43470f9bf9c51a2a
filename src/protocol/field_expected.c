/* field_expected: the kind and the range of a field, in words for its error. */
#include "protocol/protocol_internal.h"

#include <inttypes.h>
#include <stdio.h>

typedef void (*describer)(const struct header *header, const struct field *field,
                          char expected[FIELD_EXPECTED_MAX]);

static void describe_string(const struct header *header, const struct field *field,
                            char expected[FIELD_EXPECTED_MAX])
{
    (void)header;
    snprintf(expected, FIELD_EXPECTED_MAX, "%s%sa string of %" PRIu64 " to %" PRIu64 " bytes",
             field->noun ? field->noun : "", field->noun ? ", " : "", field->min, field->max);
}

static void describe_any_string(const struct header *header, const struct field *field,
                                char expected[FIELD_EXPECTED_MAX])
{
    (void)header, (void)field;
    snprintf(expected, FIELD_EXPECTED_MAX, "a string");
}

static void describe_name(const struct header *header, const struct field *field,
                          char expected[FIELD_EXPECTED_MAX])
{
    (void)header;
    snprintf(expected, FIELD_EXPECTED_MAX, "a string of 1 to %" PRIu64 " of [A-Za-z0-9_%s-]",
             field->max, field->kind == FIELD_SERVICE ? "." : "");
}

static void describe_id(const struct header *header, const struct field *field,
                        char expected[FIELD_EXPECTED_MAX])
{
    (void)header, (void)field;
    snprintf(expected, FIELD_EXPECTED_MAX,
             "a string of 1 to %d bytes, or an integer from 0 to 2^53-1 in digits only", ID_MAX);
}

static void describe_uint(const struct header *header, const struct field *field,
                          char expected[FIELD_EXPECTED_MAX])
{
    (void)header;
    snprintf(expected, FIELD_EXPECTED_MAX,
             "an integer from %" PRIu64 " to %" PRIu64 ", in digits only", field->min, field->max);
}

static void describe_time(const struct header *header, const struct field *field,
                          char expected[FIELD_EXPECTED_MAX])
{
    (void)header, (void)field;
    snprintf(expected, FIELD_EXPECTED_MAX, "a time like \"2026-01-31T08:15:00Z\", with its zone");
}

static void describe_true(const struct header *header, const struct field *field,
                          char expected[FIELD_EXPECTED_MAX])
{
    (void)header, (void)field;
    snprintf(expected, FIELD_EXPECTED_MAX, "true");
}

/* "\"fail\" or \"run\"". */
static void list_choices(const char *const *words, char *expected, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; words[i] && len < size; i++)
        len += (size_t)snprintf(expected + len, size - len, "%s\"%s\"",
                                !i             ? ""
                                : words[i + 1] ? ", "
                                               : " or ",
                                words[i]);
}

static void describe_word(const struct header *header, const struct field *field,
                          char expected[FIELD_EXPECTED_MAX])
{
    (void)header;
    list_choices(field->words, expected, FIELD_EXPECTED_MAX);
}

static void describe_switch(const struct header *header, const struct field *field,
                            char expected[FIELD_EXPECTED_MAX])
{
    size_t len = (size_t)sprintf(expected, "true, false or ");
    (void)header;
    list_choices(field->words, expected + len, FIELD_EXPECTED_MAX - len);
}

/* "a list of \"accepted\" and \"started\"". */
static void describe_words(const struct header *header, const struct field *field,
                           char expected[FIELD_EXPECTED_MAX])
{
    size_t len = (size_t)sprintf(expected, "a list of");
    (void)header;
    for (size_t i = 0; field->words[i] && len < FIELD_EXPECTED_MAX; i++)
        len += (size_t)snprintf(expected + len, FIELD_EXPECTED_MAX - len, "%s \"%s\"",
                                i ? " and" : "", field->words[i]);
}

/* "an object with at least one of module and pool". */
static void describe_object(const struct header *header, const struct field *field,
                            char expected[FIELD_EXPECTED_MAX])
{
    size_t len = (size_t)sprintf(expected, "an object with at least one of");
    (void)header;
    for (const struct field *at = field->fields; at->name && len < FIELD_EXPECTED_MAX; at++)
        len += (size_t)snprintf(expected + len, FIELD_EXPECTED_MAX - len, "%s %s",
                                at == field->fields ? ""
                                : at[1].name        ? ","
                                                    : " and",
                                at->name);
}

static void describe_version(const struct header *header, const struct field *field,
                             char expected[FIELD_EXPECTED_MAX])
{
    (void)header, (void)field;
    snprintf(expected, FIELD_EXPECTED_MAX, "%d, the only version that this server speaks",
             PROTOCOL_VERSION);
}

static void describe_size(const struct header *header, const struct field *field,
                          char expected[FIELD_EXPECTED_MAX])
{
    (void)field;
    snprintf(expected, FIELD_EXPECTED_MAX,
             "an integer from 0 to payload_max, %" PRIu64 ", in digits only", header->payload_max);
}

void field_expected(const struct header *header, const struct field *field,
                    char expected[FIELD_EXPECTED_MAX])
{
    static const describer describers[] = {
        [FIELD_STRING] = describe_string,   [FIELD_NAME] = describe_name,
        [FIELD_SERVICE] = describe_name,    [FIELD_ID] = describe_id,
        [FIELD_UINT] = describe_uint,       [FIELD_TRUE] = describe_true,
        [FIELD_SWITCH] = describe_switch,   [FIELD_WORD] = describe_word,
        [FIELD_WORDS] = describe_words,     [FIELD_CONTEXT] = describe_any_string,
        [FIELD_VERSION] = describe_version, [FIELD_TOKEN] = describe_any_string,
        [FIELD_OP] = describe_any_string,   [FIELD_SIZE] = describe_size,
        [FIELD_OBJECT] = describe_object,   [FIELD_UINT64] = describe_uint,
        [FIELD_TIME] = describe_time,
    };
    describers[field->kind](header, field, expected);
}
