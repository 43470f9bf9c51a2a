/* host: the worker's side of tm_host, given to a module's init(). */
#ifndef TASKMASTER_WORKER_HOST_H
#define TASKMASTER_WORKER_HOST_H

#include "common/limits.h"

#include <taskmaster/module.h>

struct host {
    tm_host tm;                /* first: a module's tm_host * is this */
    uint32_t pool_max;         /* 0: not known */
    char why[MESSAGE_MAX + 1]; /* the words of tm_host_fail(), or "" */
};

/* `functions` are borrowed for good: modules keep the pointer. */
void host_init(struct host *h, const struct tm_functions *functions, uint32_t pool_max);

/* Called by the functions of module.h. */
uint32_t host_pool_max(const tm_host *tm);
void host_log(const tm_host *tm, tm_level level, const char *fmt, va_list args) TM_PRINTF(3, 0);
int host_fail(const tm_host *tm, const char *fmt, va_list args) TM_PRINTF(2, 0);

#endif
