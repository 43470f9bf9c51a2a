/*
 * child: starts a command under its guard, with its stdin and with pipes for its output.
 *
 * stdin is a memory file and not a pipe: all input is there before the command starts. So nothing
 * has to be fed while output is read, a command ignoring its input causes no SIGPIPE, and neither
 * side can wait for the other.
 */
#ifndef TASKMASTER_MODULES_EXEC_CHILD_H
#define TASKMASTER_MODULES_EXEC_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/* One running command. Every descriptor is -1 or open; child_close() closes them. */
struct child {
    const char *name;
    const char *program;
    pid_t guard;
    int guard_fd;  /* readable once the guard has ended, and the command with it */
    int status_fd; /* read end of the pipe for the message */
    int out_fd;    /* read end of the command's stdout */
    int err_fd;
};

/* Returns 0, or the errno of the failed call. After a failure with child->guard > 0, the caller
 * must end the guard. The caller calls child_close() in any case. */
int child_start(struct child *child, char **argv, const char *input, size_t input_len);

void child_close(struct child *child);

#endif
