/* advice: tells the operator how to mend a module refused by the system or its loader. */
#ifndef TASKMASTER_WORKER_ADVICE_H
#define TASKMASTER_WORKER_ADVICE_H

#include <stdbool.h>
#include <sys/types.h>

/* User, group and root of the process at its start, before any module ran in it. */
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

/* `words`: a text of strerror() or dlerror(). `otherwise`: the advice for a text without a known
 * cause; borrowed by the result. */
struct advice advice_for(const char *words, const struct advice_origin *origin,
                         const char *otherwise);

#endif
