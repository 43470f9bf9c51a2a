/* interrupt: SIGINT and SIGTERM as a descriptor to poll. The caller cancels running jobs at the
 * first signal. A second one ends the command, with the signal's usual effect. Within a moment of
 * the first it is ignored: it is the same one, sent twice. */
#ifndef TASKMASTER_CLIENT_CLI_INTERRUPT_H
#define TASKMASTER_CLIENT_CLI_INTERRUPT_H

#include <stdbool.h>

/* Returns a descriptor, readable after a signal; -1 on failure: signals then end the command. */
int interrupt_open(void);

/* Returns true if a signal has come. After the moment, the next one ends the command. */
bool interrupt_take(int fd);

/* Restores the usual effect of signals. A signal taken before is still ignored within its moment.
 */
void interrupt_close(int fd);

#endif
