/*
 * reach: which parts of the process a module's code can change.
 *
 * What a module leaves behind is put back before another module's job (leavings.h). Asking the
 * kernel each time would cost more than a tiny job does. But a module changes the process through
 * functions of the C library, and its file names the functions that it imports. Most modules import
 * none of those that change the process, and cost nothing to leave.
 *
 * The worker looks at the imported symbols of the module and of the libraries that it brings, and
 * for system call instructions in their code. A file that cannot be read counts as everything; so
 * does an import through which any other function can be had (syscall, dlsym). Code that a module
 * makes while it runs is not seen.
 */
#ifndef TASKMASTER_WORKER_REACH_H
#define TASKMASTER_WORKER_REACH_H

enum reach {
    REACH_SIGNALS = 1 << 0,     /* what signals do */
    REACH_MASK = 1 << 1,        /* which are blocked */
    REACH_TIMERS = 1 << 2,      /* setitimer, alarm */
    REACH_FILES = 1 << 3,       /* which files the descriptors are; stdin, stdout, stderr */
    REACH_DIRECTORY = 1 << 4,   /* working directory, umask */
    REACH_ENVIRONMENT = 1 << 5, /* variables */
    REACH_LOCALE = 1 << 6,
    REACH_LIMITS = 1 << 7,  /* resource limits, scheduling */
    REACH_USER = 1 << 8,    /* user, group, and what changes with them */
    REACH_THREADS = 1 << 9, /* it can go on while another module's job runs */
    REACH_ALL = (1 << 10) - 1,
};

/* Remembers what is loaded already: the worker itself and the C library, which are no module's.
 * Done once. */
void reach_init(void);

/* Of a module by its dlopen() handle: a set of enum reach. */
unsigned reach_of(void *object);

/* Of one function by its name; 0: it changes nothing of the process. */
unsigned reach_of_function(const char *name);

#endif
