/* overtime: ends the command a moment after --timeout. Waits for the server, for input and for
 * output look at the deadline themselves, and have better messages. This is for waits without a
 * deadline: the system's name lookup, a write to a blocked standard error. */
#ifndef TASKMASTER_CLIENT_CLI_OVERTIME_H
#define TASKMASTER_CLIENT_CLI_OVERTIME_H

#include <stdint.h>

/* Ends the process with EXIT_TIMED_OUT a moment after the deadline (deadline.h). */
void overtime_start(int64_t deadline);

#endif
