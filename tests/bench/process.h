/* process: another process's use of CPU and memory, from /proc. */
#ifndef TASKMASTER_BENCH_PROCESS_H
#define TASKMASTER_BENCH_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/* CPU time of all its living threads, in nanoseconds, by the scheduler's count. */
uint64_t process_cpu_ns(pid_t pid);

/* Its resident memory. */
uint64_t process_rss_bytes(pid_t pid);

#endif
