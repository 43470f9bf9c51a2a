/* event_command: a shell command for an event, with the payload on its standard input. Above ask
 * and complain. */
#ifndef TASKMASTER_CLIENT_CLI_EVENT_COMMAND_H
#define TASKMASTER_CLIENT_CLI_EVENT_COMMAND_H

#include "taskmaster/client.h"

/* Runs `command` by sh and waits for its end. In its environment, TASKMASTER_KEY is each field of
 * the event: text as it is, any other value as JSON. Meanwhile reads a little from the client now
 * and then: the server closes a connection of which nothing is taken. Returns 0, or -1 after a
 * complaint if the command has not succeeded. */
int event_command_run(tm_client *client, const char *command, const tm_client_event *event);

#endif
