/* interrupt: SIGINT and SIGTERM as a descriptor to poll, so that the first one can cancel what
 * runs. A second one ends the command as if nothing had been done about the first, unless it comes
 * within a moment of it: then it is the same one, sent twice. */
#ifndef TASKMASTER_CLIENT_CLI_INTERRUPT_H
#define TASKMASTER_CLIENT_CLI_INTERRUPT_H

#include <stdbool.h>

/* The descriptor, readable once a signal has come; -1 if it cannot be had: signals then end the
 * command as ever. */
int interrupt_open(void);

/* True if a signal has come; once the moment is over, the next one ends the command. */
bool interrupt_take(int fd);

/* Signals do what they did before, but that one which was taken still does not end the command if
 * it comes again within the moment. */
void interrupt_close(int fd);

#endif
