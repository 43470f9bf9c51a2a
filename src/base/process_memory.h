/* process_memory: the resident memory of a process. */
#ifndef TASKMASTER_BASE_PROCESS_MEMORY_H
#define TASKMASTER_BASE_PROCESS_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

/* Bytes; 0 if unknown. Reads a file of /proc. */
uint64_t process_memory_read(pid_t pid);

#endif
