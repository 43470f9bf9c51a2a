/* advice: what to do about the words with which the system or its loader refuses a module. */
#ifndef TASKMASTER_WORKER_ADVICE_H
#define TASKMASTER_WORKER_ADVICE_H

#include <stdbool.h>
#include <sys/types.h>

/* What the process was when it began, before any module ran in it. */
struct advice_origin {
    uid_t uid;
    gid_t gid;
    dev_t root_device;
    ino_t root_inode;
};

struct advice_origin advice_origin(void);

struct advice {
    const char *text;
    bool unfit; /* the cause is this process: another worker may well load the module */
};

/* `words`: of strerror() or dlerror(). `otherwise`: the advice where the words name no cause that
 * is known here. */
struct advice advice_for(const char *words, const struct advice_origin *origin,
                         const char *otherwise);

#endif
