/* run_job: one job, from its submit to its last event; parts of its result and its progress are
 * shown on the way. Above sink, job_progress, interrupt and report_json. */
#ifndef TASKMASTER_CLIENT_CLI_RUN_JOB_H
#define TASKMASTER_CLIENT_CLI_RUN_JOB_H

#include "payload.h"

struct run_outcome {
    tm_client_status status; /* of the call that ended the wait */
    tm_client_event *event;  /* owned; the last event; NULL unless `status` is OK */
    bool begun;              /* the server told that the job has begun; with --retry only */
    bool interrupted;
    bool output_failed; /* after a complaint */
};

/* Submits the job and waits for its end, or for that of --timeout. An interrupt cancels the job. */
void run_job(const struct settings *settings, tm_client *client, const struct payload *payload,
             struct run_outcome *outcome);

void run_outcome_free(struct run_outcome *outcome);

#endif
