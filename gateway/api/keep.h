/* keep: a job that the queue keeps, whatever becomes of its client. */
#ifndef TASKMASTER_GATEWAY_API_KEEP_H
#define TASKMASTER_GATEWAY_API_KEEP_H

struct submit;

void keep_start(struct submit *submit);

#endif
