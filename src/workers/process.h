/*
 * worker_process: one worker's process: starting it, signalling it, and the page of memory shared
 * with it. Limits the worker sets for itself, before its first line of work.
 */
#ifndef TASKMASTER_WORKERS_PROCESS_H
#define TASKMASTER_WORKERS_PROCESS_H

#include "common/worker_page.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What all worker processes are started with. */
struct worker_process_env {
    const char *path; /* of taskmaster-worker */
    char **environ;   /* see worker_process_environ() */
    int life_fd;      /* read end of a pipe whose write end only the master holds */
    uint64_t nofile_soft;
    struct sockaddr_storage addr; /* of the worker port */
    socklen_t addr_len;
};

struct worker_process {
    pid_t pid;
    struct worker_shared *shared; /* mapped; what it holds is trusted for this worker alone */
    int output_fd;                /* read end of its stdout and stderr; non-blocking */
    bool reaped;
    uint32_t next_slot;
    uint64_t
        held; /* a bit for each slot whose job is with the worker: no other may be offered in it
               */
};

/* The environment for workers: ours without what steers the loader, the C library or a service
 * manager. An array and texts that the caller owns; free the array alone. */
char **worker_process_environ(void);

/* 0, or -1 with errno. */
int worker_process_start(struct worker_process *process, const struct worker_process_env *env,
                         uint32_t worker, const uint8_t token[TOKEN_BYTES]);

/* To the whole process group, unless the process was reaped. */
void worker_process_signal(const struct worker_process *process, int signo);

/* Writes the claim word of a job that is about to be handed over; returns its slot, which the job
 * holds until it is taken back or released. */
uint32_t worker_process_offer(struct worker_process *process, uint64_t job);

/* Takes the job back; false if the worker has begun it. */
bool worker_process_reclaim(struct worker_process *process, uint32_t slot, uint64_t job);

/* Whether the worker has begun the job, or says so. */
bool worker_process_has_begun(const struct worker_process *process, uint32_t slot, uint64_t job);

/* Whether it has left the result of that job in its slot. */
bool worker_process_has_answered(const struct worker_process *process, uint32_t slot, uint64_t job);

/* The job in that slot has been answered. */
void worker_process_release(struct worker_process *process, uint32_t slot);

/* The result of that job, if it was left in its slot: true, and it is copied, unless its length is
 * beyond WORKER_RESULT_MAX: then the worker is broken. */
bool worker_process_result(const struct worker_process *process, uint32_t slot, uint64_t job,
                           char *data, size_t *len);

/* The name of the module that it was preloading; false if that is not known. */
bool worker_process_preloading(const struct worker_process *process,
                               char name[MODULE_NAME_MAX + 1]);

/* Why a module that the worker was to preload cannot be used; false if all can. */
bool worker_process_refusal(const struct worker_process *process, char text[WORKER_REFUSAL_MAX]);

/* Where it was in its end. */
enum worker_process_ending {
    WORKER_PROCESS_NOT_ENDING,
    WORKER_PROCESS_IN_FINI, /* of the module `name` */
    WORKER_PROCESS_AT_EXIT, /* `name`: the only module that it had loaded; "": of several, or none
                             */
};
enum worker_process_ending worker_process_ending(const struct worker_process *process,
                                                 char name[MODULE_NAME_MAX + 1]);

/* Raises the stop flag for the job of that number. */
void worker_process_stop_flag(const struct worker_process *process, uint64_t job);

/* Closes and unmaps. */
void worker_process_close(struct worker_process *process);

/* The pid of a child that has died and is not reaped yet, any child; 0 if there is none. */
pid_t worker_process_dead(void);

/* Whether this one has died and is not reaped yet. */
bool worker_process_is_dead(const struct worker_process *process);

/*
 * Reaps it; returns its wait status. What is left of a worker's process group is to be killed
 * before (SIGKILL by worker_process_signal), while the pid still belongs to it, so that the kill
 * cannot hit a stranger.
 */
int worker_process_reap(pid_t pid);

#endif
