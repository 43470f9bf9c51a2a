/*
 * reopen: the log's file is opened again, on SIGUSR1 or for a client.
 *
 * A rotation renames the file first; the log goes on in a new one of the old name. If the new one
 * cannot be opened, the log stays in the old one.
 */
#ifndef TASKMASTER_DAEMON_REOPEN_H
#define TASKMASTER_DAEMON_REOPEN_H

#include "daemon/reread.h"

/* Opens the file of the settings in force, if they name one. `told`: its texts live until the next
 * call. */
void reopen_run(const struct reread *reread, struct control_reopen *told);

/* Logs the outcome. `who` has asked for it. */
void reopen_say(const struct control_reopen *told, const char *who);

#endif
