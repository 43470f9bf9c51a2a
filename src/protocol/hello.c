/* hello: see hello.h. */
#include "protocol/hello.h"

#include "protocol/answer.h"

#include <stdio.h>
#include <string.h>

/* A token never stands in a message. */
static const char *fault_of(const struct request *request)
{
    if (request->token_wrong)
        return "field token has a wrong type or length; expected a string of 1 to 256 bytes";
    return request->token.len ? "the token is not one of this server's"
                              : "this server asks for a token";
}

enum verdict hello_check_token(struct request *request, const struct token_set *tokens)
{
    if (token_set_find(tokens, request->token.text))
        return VERDICT_FINE;
    request_fail(request, "unauthorized", "%s", fault_of(request));
    return VERDICT_FATAL_LATER;
}

void hello_begin(struct event_writer *event, const struct dialogue *dialogue,
                 const struct request *request, const char *server, const char *boot)
{
    answer_begin(event, dialogue, request, "hello");
    event_uint(event, "protocol", PROTOCOL_VERSION);
    event_word(event, "server", server);
    event_word(event, "boot", boot);
    event_uint(event, "header_max", HEADER_MAX);
    event_uint(event, "payload_max", dialogue->payload_max);
    event_uint(event, "id_max", ID_MAX);
}

void hello_grant(struct event_writer *event, const struct grant *grant)
{
    if (grant->name)
        event_word(event, "name", grant->name);
    event_list_begin(event, "rights");
    for (unsigned right = 1; right <= RIGHTS_EVERY; right <<= 1)
        if (grant->rights & right)
            event_item(event, "", right_name(right));
    event_list_end(event);
}

/* --- features, from the tables --- */

static void list_words(struct event_writer *event, const char *prefix, const char *const *words)
{
    for (; *words; words++)
        event_item(event, prefix, *words);
}

/* "link", "link-on-failure". */
static void list_switch(struct event_writer *event, const struct field *field)
{
    char prefix[CODE_MAX];
    snprintf(prefix, sizeof prefix, "%s-", field->feature);
    event_item(event, "", field->feature);
    list_words(event, prefix, field->words);
}

static void list_fields(struct event_writer *event, const struct field *field)
{
    for (; field && field->name; field++)
        if (field->feature && field->kind == FIELD_WORDS)
            list_words(event, field->feature, field->words);
        else if (field->feature && field->kind == FIELD_SWITCH)
            list_switch(event, field);
        else if (field->feature)
            event_item(event, "", field->feature);
}

static void list_features(struct event_writer *event, const struct protocol *protocol)
{
    const struct operation *const *at;
    event_list_begin(event, "features");
    for (at = protocol->operations; *at; at++)
        if ((*at)->is_feature)
            event_item(event, "", (*at)->name);
    for (at = protocol->operations; *at; at++)
        list_fields(event, (*at)->fields);
    event_list_end(event);
}

void hello_end(struct event_writer *event, const struct dialogue *dialogue,
               const struct request *request)
{
    list_features(event, dialogue->protocol);
    event_json(event, "ignored", request->ignored.text, request->ignored.len);
    if (request->ignored_count)
        event_uint(event, "ignored_count", request->ignored_count);
    event_end(event);
}
