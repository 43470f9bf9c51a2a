/*
 * effects: finds out which parts of the process a module's code can change.
 *
 * The worker undoes a module's changes to the process before another module's job
 * (process_state.h). Asking the kernel about every part each time would cost more than a tiny job.
 * But a module changes the process through functions of the C library, and its file lists the
 * imported functions. Most modules import no function able to change the process, and leaving them
 * costs nothing.
 *
 * The worker reads the imported symbols of the module and of its own libraries, and searches their
 * code for system call instructions. A file that cannot be read counts as able to change
 * everything; so does an import giving access to any function (syscall, dlsym). Code made at run
 * time is not seen.
 */
#ifndef TASKMASTER_WORKER_EFFECTS_H
#define TASKMASTER_WORKER_EFFECTS_H

enum reach {
    REACH_SIGNALS = 1 << 0,     /* the actions of signals */
    REACH_MASK = 1 << 1,        /* the blocked signals */
    REACH_TIMERS = 1 << 2,      /* setitimer, alarm */
    REACH_FILES = 1 << 3,       /* descriptors 0 to 2; stdin, stdout, stderr */
    REACH_DIRECTORY = 1 << 4,   /* working directory, umask */
    REACH_ENVIRONMENT = 1 << 5, /* variables */
    REACH_LOCALE = 1 << 6,
    REACH_LIMITS = 1 << 7,  /* resource limits, scheduling */
    REACH_USER = 1 << 8,    /* user, group, the death signal */
    REACH_THREADS = 1 << 9, /* it can run during another module's job */
    REACH_ALL = (1 << 10) - 1,
};

/* Records the objects loaded already, the worker and the C library, to leave them out later. Only
 * the first call counts. */
void reach_init(void);

/* Returns the reach of a module, given its dlopen() handle: a set of enum reach. */
unsigned reach_of(void *object);

/* Returns the reach of one function, given its name; 0: the function changes nothing. */
unsigned reach_of_function(const char *name);

#endif
