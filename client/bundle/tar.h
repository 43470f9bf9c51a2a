/* tar: writes an archive in the format of POSIX (ustar), for no more than small files. Calls nobody
 * of ours. */
#ifndef TASKMASTER_CLIENT_BUNDLE_TAR_H
#define TASKMASTER_CLIENT_BUNDLE_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct tar {
    int fd;             /* borrowed */
    const char *folder; /* borrowed; before each name */
    time_t now;         /* of each file */
    bool failed;
    int error; /* the errno of the fault */
};

/* Begins an archive on a descriptor; all its files are in this folder. */
void tar_open(struct tar *tar, int fd, const char *folder);

/* Adds a file, readable by its owner alone. Folder and name have at most 98 bytes together. */
void tar_add(struct tar *tar, const char *name, const void *data, size_t len);

/* Ends the archive. Returns 0, or -1 with errno if anything was not written. */
int tar_close(struct tar *tar);

#endif
