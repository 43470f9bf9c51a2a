/* value: kinds of arguments and options' values with names to complete. */
#ifndef TASKMASTER_CLIENT_CLI_VALUE_H
#define TASKMASTER_CLIENT_CLI_VALUE_H

enum value_kind {
    VALUE_PLAIN, /* nothing to complete; the shell offers files */
    VALUE_MODULE,
    VALUE_POOL,
    VALUE_WORKER,
    VALUE_JOB,
    VALUE_CRASH, /* a fingerprint, or the last job with it */
    VALUE_LEVEL,
    VALUE_WAITING,
    VALUE_CLIENT,
    VALUE_SERVICE,
    VALUE_STATE,
    VALUE_WHAT, /* what a watch may tell of */
    VALUE_COMMAND,
};

#endif
