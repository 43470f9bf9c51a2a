/* hello: see hello.h. */
#include "hello.h"

#include "clean.h"

#include <stdlib.h>
#include <string.h>

/* A server with the request "wait" keeps results, also those of the time before a reload. */
static bool keeps_results(const json_t *hello)
{
    size_t i;
    const json_t *name;
    json_array_foreach (json_object_get(hello, "features"), i, name) {
        if (json_is_string(name) && strcmp(json_string_value(name), "wait") == 0)
            return true;
    }
    return false;
}

/* A caller may still hold the name of an earlier server, so that it stays. */
static tm_client_status keep_name(tm_client *client, const char *server)
{
    if (client->names && strcmp(client->names->text, server) == 0)
        return TM_CLIENT_OK;
    size_t size = strlen(server) + 1;
    struct tmc_name *name = malloc(sizeof *name + size);
    if (!name)
        return tmc_failure_memory(&client->failure);
    memcpy(name->text, server, size);
    tmc_clean(name->text);
    name->next = client->names;
    client->names = name;
    return TM_CLIENT_OK;
}

tm_client_status tmc_hello_read(tm_client *client, const struct tmc_event *event)
{
    const json_t *header = event->message.header;
    json_int_t protocol = json_integer_value(json_object_get(header, "protocol"));
    const char *server = json_string_value(json_object_get(header, "server"));
    const json_t *payload_max = json_object_get(header, "payload_max");
    if (protocol != PROTOCOL_VERSION || !server || !json_is_integer(payload_max) ||
        json_integer_value(payload_max) < 0)
        return tmc_failure_set(&client->failure, TM_CLIENT_PROTOCOL,
                               "no taskmasterd with protocol %d answers", PROTOCOL_VERSION);
    client->payload_max = (size_t)json_integer_value(payload_max);
    if (client->payload_max > PAYLOAD_SIZE_MAX) /* no setting of a server allows more */
        client->payload_max = PAYLOAD_SIZE_MAX;
    tmc_reader_set_payload_max(client->reader, client->payload_max);
    if (keeps_results(header))
        tmc_reader_allow_any_result(client->reader);
    return keep_name(client, server);
}
