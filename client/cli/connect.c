/* connect: see connect.h. */
#include "connect.h"

#include "allocate.h"
#include "client/lib/address.h"
#include "exit_status.h"
#include "report.h"
#include "token.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum {
    RETRY_MS = 20,   /* finds a new server soon, at a negligible load */
    PROBE_MS = 1000, /* for a look whether anybody listens */
};

/* A proxy in front of the server takes a connection too, and closes it if the server is missing. */
static bool unanswered(const tm_client *client, tm_client_status status)
{
    return status == TM_CLIENT_UNREACHABLE || status == TM_CLIENT_TIMEOUT ||
           (status == TM_CLIENT_CLOSED && !*tm_client_error_event(client));
}

/* Tries at least once, and a last time at the end of --wait-ms. */
static tm_client_status connect_within_wait(const struct settings *settings, int wake_fd,
                                            tm_client *client, const tm_client_options *options)
{
    struct pollfd wake = {.fd = wake_fd, .events = POLLIN};
    int64_t wait_end = tmc_deadline_in((int)settings->wait_ms);
    int answer_ms = settings->answer_ms ? (int)settings->answer_ms : ANSWER_MAX_MS;
    for (;;) {
        tm_client_status status = tm_client_connect(client, settings->server, options,
                                                    settings_time_left_ms(settings, answer_ms));
        if (!unanswered(client, status) || tmc_deadline_passed(wait_end))
            return status;
        int left_ms = settings_time_left_ms(settings, tmc_deadline_left_ms(wait_end));
        if (poll(&wake, 1, left_ms < RETRY_MS ? left_ms : RETRY_MS) > 0)
            return status;
        if (tmc_deadline_passed(settings->deadline))
            return TM_CLIENT_TIMEOUT;
    }
}

/* Without --timeout, a server not answering is just not there. */
static int exit_status_of(const struct settings *settings, const tm_client *client,
                          tm_client_status status)
{
    int exit_status = report_call(settings, client, status);
    if (status == TM_CLIENT_REFUSED || (status == TM_CLIENT_TIMEOUT && !settings->has_deadline))
        return EXIT_UNREACHABLE;
    return exit_status;
}

/* Returns a client, connected if `*status` is OK; or NULL after a complaint about the token. */
static tm_client *try_with(const struct settings *settings, bool listen, int wake_fd,
                           tm_client_status *status)
{
    char name[64], text[TOKEN_FILE_MAX + 1];
    tm_client_options options = {.name = name, .listen = listen};
    snprintf(name, sizeof name, "taskmaster/%s", tm_client_version());
    if (settings->token_file) {
        options.token = token_read(settings->token_file, text);
        if (!options.token)
            return NULL;
    }
    tm_client *client = tm_client_new();
    if (!client)
        allocate_failed();
    *status = connect_within_wait(settings, wake_fd, client, &options);
    explicit_bzero(text, sizeof text);
    return client;
}

static tm_client *connect_with(const struct settings *settings, bool listen, int wake_fd,
                               int *exit_status)
{
    tm_client_status status;
    tm_client *client = try_with(settings, listen, wake_fd, &status);
    if (!client)
        *exit_status = EXIT_BAD_USAGE;
    if (!client || status == TM_CLIENT_OK)
        return client;
    *exit_status = exit_status_of(settings, client, status);
    tm_client_free(client);
    return NULL;
}

tm_client *connect_try(const struct settings *settings, tm_client_status *status)
{
    return try_with(settings, false, -1, status);
}

tm_client *connect_to_server(const struct settings *settings, int *exit_status)
{
    return connect_with(settings, false, -1, exit_status);
}

tm_client *connect_to_submit(const struct settings *settings, int *exit_status)
{
    struct settings patient = *settings;
    patient.answer_ms = CONNECT_NEXT_MS;
    return connect_with(&patient, false, -1, exit_status);
}

tm_client *connect_to_listen(const struct settings *settings, int *exit_status)
{
    return connect_with(settings, true, -1, exit_status);
}

tm_client *connect_again(const struct settings *settings, uint32_t wait_ms, int wake_fd,
                         int *exit_status)
{
    struct settings patient = *settings;
    patient.wait_ms = wait_ms;
    return connect_with(&patient, false, wake_fd, exit_status);
}

bool connect_has_next(const struct settings *settings)
{
    return tmc_address_is_listened_to(settings->server,
                                      tmc_deadline_in(settings_time_left_ms(settings, PROBE_MS)));
}

bool connect_is_queue(const tm_client *client)
{
    static const char name[] = "taskqueued/";
    return strncmp(tm_client_server(client), name, sizeof name - 1) == 0;
}
