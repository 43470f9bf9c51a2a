/* event_line: an event in one line for people. Above output and ask. */
#ifndef TASKMASTER_CLIENT_CLI_EVENT_LINE_H
#define TASKMASTER_CLIENT_CLI_EVENT_LINE_H

#include "settings.h"

/* Prints "down job=k3f9-17 reason=done"; with --json the event itself. A field `at_ms` becomes a
 * time of the day in front. Returns the exit status. */
int event_line_print(const struct settings *settings, const tm_client_event *event);

#endif
