/* submission: the submit of a job as the settings wish it. The wishes for taskqueued alone are no
 * members of tm_client_submit_options: a submit with one of them is a request by its name. Above
 * fields. */
#ifndef TASKMASTER_CLIENT_CLI_SUBMISSION_H
#define TASKMASTER_CLIENT_CLI_SUBMISSION_H

#include "settings.h"

struct submission {
    const char *module; /* borrowed */
    tm_client_submit_options options;
    char *fields; /* owned: the JSON text of all fields; NULL: `options` has all */
};

/* `options` are those of settings_submit_options(), changed by the caller. */
void submission_open(struct submission *submission, const struct settings *settings,
                     const tm_client_submit_options *options);

void submission_close(struct submission *submission);

/* Submits a payload, as tm_client_submit() does; `user` is returned in the job's events. */
tm_client_status submission_send(const struct submission *submission, tm_client *client,
                                 const void *data, size_t size, void *user, int timeout_ms,
                                 uint64_t *id);

#endif
