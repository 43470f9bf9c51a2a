/* connected: common steps of the library's tests: a client connected to a fake server, a job
 * submitted, an event taken. */
#ifndef TASKMASTER_TESTS_UNIT_CLIENT_CONNECTED_H
#define TASKMASTER_TESTS_UNIT_CLIENT_CONNECTED_H

#include "taskmaster/client.h"
#include "tests/unit/client/client_fake.h"

enum { WAIT_MS = 20000 };

#define CONNECTED_UNUSED __attribute__((unused))

CONNECTED_UNUSED static tm_client *connected(const struct fake *fake)
{
    tm_client *client = tm_client_new();
    tm_client_status status = tm_client_connect(client, fake->address, NULL, WAIT_MS);
    ck_assert_msg(status == TM_CLIENT_OK, "%s", tm_client_error(client));
    return client;
}

CONNECTED_UNUSED static uint64_t submitted(tm_client *client, const char *module,
                                           const char *payload)
{
    uint64_t id;
    tm_client_status status =
        tm_client_submit(client, module, payload, strlen(payload), NULL, WAIT_MS, &id);
    ck_assert_msg(status == TM_CLIENT_OK, "%s", tm_client_error(client));
    return id;
}

/* Takes the next event and compares it. */
CONNECTED_UNUSED static void assert_next(tm_client *client, tm_client_event_type type, uint64_t id,
                                         const char *data)
{
    tm_client_event *event;
    tm_client_status status = tm_client_next(client, WAIT_MS, &event);
    ck_assert_msg(status == TM_CLIENT_OK, "%s", tm_client_error(client));
    ck_assert_int_eq(event->type, type);
    ck_assert_uint_eq(event->id, id);
    ck_assert_str_eq(event->data, data);
    ck_assert_uint_eq(event->size, strlen(data));
    tm_client_event_free(event);
}

#endif
