/* client: a client's life, and its questions without input or output. connection.h has a picture of
 * the library. */
#include "taskmaster/client.h"

#include "renewal.h"
#include "taskmaster/version.h"

#include <stdlib.h>

const char *tm_client_version(void)
{
    return TASKMASTER_VERSION;
}

const char *tm_client_status_name(tm_client_status status)
{
    static const char *const names[] = {
        [TM_CLIENT_OK] = "ok",           [TM_CLIENT_TIMEOUT] = "timeout",
        [TM_CLIENT_NOTHING] = "nothing", [TM_CLIENT_INVALID] = "invalid",
        [TM_CLIENT_REFUSED] = "refused", [TM_CLIENT_UNREACHABLE] = "unreachable",
        [TM_CLIENT_CLOSED] = "closed",   [TM_CLIENT_PROTOCOL] = "protocol",
        [TM_CLIENT_MEMORY] = "memory",
    };
    size_t index = (size_t)status;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}

tm_client *tm_client_new(void)
{
    tm_client *client = calloc(1, sizeof *client);
    if (!client)
        return NULL;
    tmc_connection_init(client);
    return client;
}

void tm_client_free(tm_client *client)
{
    if (!client)
        return;
    tmc_renewal_free(client);
    tmc_connection_reset(client);
    free(client);
}

const char *tm_client_error(const tm_client *client)
{
    return client->failure.text;
}

const char *tm_client_error_code(const tm_client *client)
{
    return client->failure.code;
}

const char *tm_client_error_event(const tm_client *client)
{
    return client->failure.event;
}

const char *tm_client_server(const tm_client *client)
{
    return client->names ? client->names->text : "";
}

size_t tm_client_payload_max(const tm_client *client)
{
    return client->payload_max;
}

size_t tm_client_in_flight(const tm_client *client)
{
    return client->inbox.jobs.count;
}

int tm_client_fd(const tm_client *client)
{
    return client->stream.fd;
}

short tm_client_poll_events(const tm_client *client)
{
    return tmc_connection_poll_events(client);
}
