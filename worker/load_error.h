/* load_error: tells the operator how to mend a module refused by the system or its loader. */
#ifndef TASKMASTER_WORKER_LOAD_ERROR_H
#define TASKMASTER_WORKER_LOAD_ERROR_H

#include <stdbool.h>
#include <sys/types.h>

/* User, group and root of the process at its start, before any module ran in it. */
struct load_error_origin {
    uid_t uid;
    gid_t gid;
    dev_t root_device;
    ino_t root_inode;
};

/* Returns the present ones. */
struct load_error_origin load_error_origin(void);

struct load_error {
    const char *advice;
    bool unfit; /* the cause is this process: another worker may well load the module */
};

/* Returns the advice. `words`: a text of strerror() or dlerror(). `otherwise`: the advice for a
 * text without a known cause; borrowed by the result. */
struct load_error load_error_explain(const char *words, const struct load_error_origin *origin,
                                     const char *otherwise);

#endif
