/* posix_timers: the timers of timer_create() in this process. */
#ifndef TASKMASTER_WORKER_POSIX_TIMERS_H
#define TASKMASTER_WORKER_POSIX_TIMERS_H

/* Deletes all of them. Does nothing where /proc does not list them. */
void posix_timers_delete(void);

#endif
