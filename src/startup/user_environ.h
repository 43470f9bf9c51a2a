/* user_environ: what the environment says of the user, after a change of user. */
#ifndef TASKMASTER_STARTUP_USER_ENVIRON_H
#define TASKMASTER_STARTUP_USER_ENVIRON_H

/* Sets HOME, USER and LOGNAME to those of `user`, if that is who we are; NULL is nobody. */
void user_environ_set(const char *user);

#endif
