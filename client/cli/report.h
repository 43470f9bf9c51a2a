/* report: the outcome of a job or a call, as an exit status and a line for people. Above
 * crash_report, report_json and output. */
#ifndef TASKMASTER_CLIENT_CLI_REPORT_H
#define TASKMASTER_CLIENT_CLI_REPORT_H

#include "settings.h"
#include "taskmaster/client.h"

/* Returns the exit status for the end of a single job. */
int report_exit_status(const tm_client_event *event);

/* True if the server ended before the job began. */
bool report_was_refused_at_end(const tm_client_event *event);

/* The same, or the server had no room for the job. */
bool report_never_began(const tm_client_event *event);

/* Complains about a job not done, in one line: reason, code, signal, step and message. `line` is
 * the number of the job's line of input; 0: none. */
void report_failure(const tm_client_event *event, uint64_t line);

/* Complains that a kept job has failed and is run again. */
void report_retry(const tm_client_event *event);

/* Complains further about a lost worker, line by line: its last output, and the module's crash. */
void report_lost(const tm_client_event *event);

/* The same in one line: the crash's fingerprint and its place. */
void report_lost_briefly(const tm_client_event *event);

/*
 * Complains about a failed call and returns the exit status. With --json, the server's error event
 * goes to standard output instead, like any answer; but not with --each, where each object belongs
 * to a line of input.
 */
int report_call(const struct settings *settings, const tm_client *client, tm_client_status status);

/* The same for a refusal that came as an event. */
int report_refusal(const struct settings *settings, const tm_client_event *error);

/* Complains that --timeout has ended a command that waits for events without end. Returns the exit
 * status. */
int report_time_over(void);

#endif
