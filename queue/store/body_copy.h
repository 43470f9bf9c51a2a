/* body_copy: copies all files of bodies into another directory, in steps. */
#ifndef TASKMASTER_QUEUE_STORE_BODY_COPY_H
#define TASKMASTER_QUEUE_STORE_BODY_COPY_H

#include "queue/store/body_files.h"

/* A copy of zeros has not begun. */
struct body_copy {
    const struct body_files *files;
    int to; /* the directory's descriptor */
    struct body_names names;
    size_t next;       /* of the names */
    int input, output; /* of a file that is being copied; -1: there is none */
};

/* The files of now; none of them may go before the end. `to` is borrowed. 0, or -1 with errno. */
int body_copy_begin(struct body_copy *copy, struct body_files *files, int to);

/* Copies about so many bytes. Each file is synced. 1 if there is more to copy, 0, or -1 with errno.
 */
int body_copy_step(struct body_copy *copy, size_t bytes);

void body_copy_end(struct body_copy *copy);

#endif
