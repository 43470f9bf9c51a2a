/* options: the worker's few options; none of them runs jobs. */
#ifndef TASKMASTER_WORKER_OPTIONS_H
#define TASKMASTER_WORKER_OPTIONS_H

/* Obeys the arguments, of which there is at least one, and returns the exit status. */
int options_run(int argc, char **argv);

#endif
