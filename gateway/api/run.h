/* run: a job that runs while its client waits. If the client goes, the job is cancelled. */
#ifndef TASKMASTER_GATEWAY_API_RUN_H
#define TASKMASTER_GATEWAY_API_RUN_H

struct submit;

void run_start(struct submit *submit);

#endif
