/* user_environ: the environment after a change of user. */
#ifndef TASKMASTER_DAEMON_USER_ENVIRON_H
#define TASKMASTER_DAEMON_USER_ENVIRON_H

/* Sets HOME, USER and LOGNAME to those of `user`, if the process is of that user. NULL: no change.
 */
void user_environ_set(const char *user);

#endif
