/* hello: see hello.h. */
#include "upstream/hello.h"

#include "common/json_load.h"
#include "common/limits.h"
#include "protocol/event_writer.h"

#include <stdio.h>
#include <string.h>

void hello_ask(struct conn *conn, const char *client, const struct token_set *tokens)
{
    struct event_writer event;
    event_begin_request(&event, conn, "hello");
    event_uint(&event, "protocol", PROTOCOL_VERSION);
    event_word(&event, "client", client);
    if (tokens->count)
        event_text(&event, "token", tokens->tokens[0].text, tokens->tokens[0].len, HEADER_MAX);
    event_end(&event);
}

/* too-many-clients, unauthorized: the words of the daemon are the reason. */
static bool is_hello(const json_t *root, char *error, size_t error_size)
{
    const char *event = hello_text(root, "event");
    if (strcmp(event, "hello") == 0)
        return true;
    if (strcmp(event, "error") == 0)
        snprintf(error, error_size, "%.200s", hello_text(root, "message"));
    else
        snprintf(error, error_size, "the first event is no hello");
    return false;
}

json_t *hello_read(const char *header, size_t len, char *error, size_t error_size)
{
    json_error_t fault;
    json_t *root = json_load_any(header, len, JSON_REJECT_DUPLICATES, &fault);
    if (is_hello(root, error, error_size))
        return root;
    json_decref(root);
    return NULL;
}

bool hello_has(const json_t *hello, const char *list, const char *word)
{
    size_t i;
    const json_t *item;
    json_array_foreach (json_object_get(hello, list), i, item)
        if (json_is_string(item) && strcmp(json_string_value(item), word) == 0)
            return true;
    return false;
}

uint64_t hello_number(const json_t *hello, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(hello, key));
    return value > 0 ? (uint64_t)value : 0;
}

const char *hello_text(const json_t *hello, const char *key)
{
    const char *text = json_string_value(json_object_get(hello, key));
    return text ? text : "";
}
