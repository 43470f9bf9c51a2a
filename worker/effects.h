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

enum effect {
    EFFECT_SIGNALS = 1 << 0,     /* the actions of signals, their stack */
    EFFECT_MASK = 1 << 1,        /* the blocked signals */
    EFFECT_TIMERS = 1 << 2,      /* setitimer, alarm */
    EFFECT_FILES = 1 << 3,       /* descriptors 0 to 2; stdin, stdout, stderr */
    EFFECT_DIRECTORY = 1 << 4,   /* working directory, umask */
    EFFECT_ENVIRONMENT = 1 << 5, /* variables */
    EFFECT_LOCALE = 1 << 6,
    EFFECT_LIMITS = 1 << 7,  /* resource limits, scheduling */
    EFFECT_USER = 1 << 8,    /* user, group, the death signal */
    EFFECT_THREADS = 1 << 9, /* it can run during another module's job */
    EFFECT_ALL = (1 << 10) - 1,
};

/* Records the objects loaded already, the worker and the C library, to leave them out later. Only
 * the first call counts. */
void effects_init(void);

/* Returns the effects of a module, given its dlopen() handle: a set of enum effect. */
unsigned effects_of_module(void *object);

/* Returns the effects of one function, given its name; 0: the function changes nothing. */
unsigned effects_of_function(const char *name);

#endif
