/*
 * log_file: the file of the log, opened anew at the start and after its rotation.
 *
 * Only after the new file is open the log leaves the old one, so a failure loses no line. A writer
 * never waits: a pipe without room, as a full disk, costs lines.
 */
#ifndef TASKMASTER_BASE_LOG_FILE_H
#define TASKMASTER_BASE_LOG_FILE_H

#include <sys/types.h>

/* The owner of a file made by us; (uid_t)-1 and (gid_t)-1 leave the process's own. */
struct log_file_owner {
    uid_t uid;
    gid_t gid;
};

/* The log goes to the end of the file from now on. A missing file is made, with the permissions
 * 0640. Returns 0, or an errno, and the log stays as it was. */
int log_file_open(const char *path, const struct log_file_owner *owner);

/* The text of an errno of log_file_open(). Static. */
const char *log_file_fault(int error);

#endif
