/* event_command: a shell command for an event, with the payload on its standard input. Above ask,
 * complain and interrupt. */
#ifndef TASKMASTER_CLIENT_CLI_EVENT_COMMAND_H
#define TASKMASTER_CLIENT_CLI_EVENT_COMMAND_H

#include "taskmaster/client.h"

struct event_command {
    const char *line;  /* for sh */
    tm_client *client; /* borrowed */
    int signals;       /* of interrupt.h, looked at until the first signal */
    bool *interrupted; /* becomes true then; another signal ends taskmaster, as ever */
};

/* Runs the command and waits for its end. In its environment, TASKMASTER_KEY is each field of the
 * event: text as it is, any other value as JSON. Meanwhile reads a little from the client now and
 * then: the server closes a connection of which nothing is taken. Returns 0, or -1 after a
 * complaint if the command has not succeeded. */
int event_command_run(const struct event_command *command, const tm_client_event *event);

#endif
