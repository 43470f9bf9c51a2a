/* allocate: memory for a program. Without memory the command ends, with a message. */
#ifndef TASKMASTER_CLIENT_CLI_ALLOCATE_H
#define TASKMASTER_CLIENT_CLI_ALLOCATE_H

#include <stddef.h>

/* Like realloc(), but never fails. */
void *allocate(void *old, size_t size);

/* Ends the command: no memory. */
void allocate_failed(void) __attribute__((noreturn));

#endif
