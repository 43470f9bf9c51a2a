/*
 * worker_process: the process of one worker. This part starts, signals and reaps it, and reads the
 * memory shared with it. The worker sets its own limits before its first line of work
 * (worker/confine.h).
 */
#ifndef TASKMASTER_WORKERS_PROCESS_H
#define TASKMASTER_WORKERS_PROCESS_H

#include "common/stop_reason.h"
#include "common/worker_page.h"
#include "jobs/source.h"
#include "workers/claims.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Common to all worker processes. */
struct worker_process_env {
    const char *path; /* of taskmaster-worker */
    char **environ;   /* see worker_process_environ() */
    int life_fd;      /* read end of a pipe. The master alone holds the write end */
    uint64_t nofile_soft;
    struct sockaddr_storage addr; /* of the worker port */
    socklen_t addr_len;
};

struct worker_process {
    pid_t
        pid; /* 0 before the start and after the reaping: by then the number can be a stranger's */
    struct worker_shared *shared; /* mapped; the worker can write there at any time */
    struct worker_claims claims;  /* slots of `shared` */
    uint64_t peak_kb;             /* the most memory it had, known after the reaping. The kernel
                                     counts the time before the exec, when the memory was ours */
    uint64_t cpu_us;              /* its processor time, known after the reaping */
    int output_fd;                /* read end of its stdout and stderr; non-blocking */
};

/* Returns the environment for workers: ours without the variables of the loader, the C library and
 * the service manager. The caller frees the array, not the texts. */
char **worker_process_environ(void);

/* What differs from worker to worker. */
struct worker_process_own {
    uint32_t worker;      /* its id */
    const uint8_t *token; /* TOKEN_BYTES */
    struct worker_limits limits;
    bool debug; /* as worker_process_want_debug() */
};

/* Returns 0, or -1 with errno. */
int worker_process_start(struct worker_process *process, const struct worker_process_env *env,
                         const struct worker_process_own *own);

/* Returns true from the start to the reaping. */
bool worker_process_exists(const struct worker_process *process);

/* Signals the whole process group. Does nothing after the reaping. */
void worker_process_signal(const struct worker_process *process, int signo);

/* Whether the worker's lines of level debug are wanted. */
void worker_process_want_debug(const struct worker_process *process, bool debug);

/* Raises the stop flag for the job of this number. A later call may have another reason. */
void worker_process_stop_flag(const struct worker_process *process, uint64_t job,
                              enum stop_reason reason);

/* Tells the worker that nobody wants the parts of the job of this number any more. */
void worker_process_refuse_parts(const struct worker_process *process, uint64_t job);

/* Copies the name of the module being preloaded. Returns false if the name is not known. */
bool worker_process_preloading(const struct worker_process *process,
                               char name[MODULE_NAME_MAX + 1]);

/* Copies the worker's reason for refusing a module to be preloaded. Returns false if all modules
 * can be used. */
bool worker_process_refusal(const struct worker_process *process, char text[WORKER_REFUSAL_MAX]);

/* How far a worker had come with its end. */
enum worker_process_ending {
    WORKER_PROCESS_NOT_ENDING,
    WORKER_PROCESS_IN_FINI, /* of the module `name` */
    WORKER_PROCESS_AT_EXIT, /* `name`: the only loaded module; "": several modules, or none */
};
enum worker_process_ending worker_process_ending(const struct worker_process *process,
                                                 char name[MODULE_NAME_MAX + 1]);

/* Returns true if the process is dead and not reaped. */
bool worker_process_is_dead(const struct worker_process *process);

/* Kills the rest of the process group, reaps the process and returns its wait status. The kill
 * comes first: a reaped pid can belong to a stranger. */
int worker_process_reap(struct worker_process *process);

/* Returns the most memory that it had, or at least had when it looked last, in KiB; 0: unknown. To
 * be called after the reaping. A broken worker can have told any number. */
uint64_t worker_process_memory_kb(const struct worker_process *process);

/* Copies what a reaped process has used for the job. Returns false if that is not known. A broken
 * worker can have told any beginning. */
bool worker_process_usage(const struct worker_process *process, uint64_t job,
                          struct job_usage *usage);

/* Closes the descriptor and unmaps the memory. */
void worker_process_close(struct worker_process *process);

/* Returns the pid of a dead and unreaped child of any kind, or 0. */
pid_t worker_process_next_dead(void);

/* Reaps a child by its pid and returns its wait status. */
int worker_process_reap_pid(pid_t pid);

#endif
