/* options: the worker's few options, none of which runs jobs. */
#ifndef TASKMASTER_WORKER_OPTIONS_H
#define TASKMASTER_WORKER_OPTIONS_H

/* Does what argv[1] and the rest ask for and returns the exit status. */
int options_run(int argc, char **argv);

#endif
