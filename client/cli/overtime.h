/* overtime: ends a command that is still there when its --timeout is over. Whatever waits for the
 * server, for input or for output looks at the deadline itself and says what did not end in time;
 * this is for what cannot, such as the name lookup of the system and a write to a standard error
 * that nobody reads. */
#ifndef TASKMASTER_CLIENT_CLI_OVERTIME_H
#define TASKMASTER_CLIENT_CLI_OVERTIME_H

#include <stdint.h>

/* The process ends with EXIT_TIMED_OUT a moment after the deadline (see deadline.h). */
void overtime_start(int64_t deadline);

#endif
