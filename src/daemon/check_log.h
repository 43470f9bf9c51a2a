/*
 * check_log: the file of the log, at the start and for -t.
 *
 * The start opens the file with the rights of its starter, and SIGUSR1 opens it again with those of
 * `user`. So a file that `user` cannot write is worth a warning.
 */
#ifndef TASKMASTER_DAEMON_CHECK_LOG_H
#define TASKMASTER_DAEMON_CHECK_LOG_H

#include "base/log_settings.h"
#include "daemon/check.h"

/* Lets the log go to its file, if one is set. The identity gets the file if it is new. Returns
 * false after a fault. */
bool daemon_open_log(const struct daemon_check *check, const struct log_settings *settings,
                     const struct identity *identity);

/* Makes and opens no file: another daemon may write to it. An obstacle is told as `finding`.
 * Returns false if it is a fault. */
bool daemon_check_log(const struct daemon_check *check, const struct log_settings *settings,
                      const struct identity *identity, enum finding finding);

#endif
