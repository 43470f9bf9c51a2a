/*
 * reach: which parts of the process a module's code can change.
 *
 * What a module leaves behind is put back before another module's job (leavings.h). To ask the
 * kernel each time would cost more than a tiny job does. But a module can change no more than what
 * it calls the C library for, and that its file tells: a module that imports none of the functions
 * that change the process, as most do, costs nothing to leave.
 *
 * Looked at are the symbols that the module imports, and those of the libraries that it brings, and
 * whether their code holds a system call instruction of its own. What cannot be read, and functions
 * through which any other can be had (syscall, dlsym), count as everything. Not seen is code that a
 * module makes while it runs.
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
