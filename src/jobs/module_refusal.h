/*
 * module_refusal: a module that no worker can use is told in the log.
 *
 * Each of its jobs ends `unavailable`, and each worker finds out for itself: what is always the
 * same is told once a minute, so that a client that tries again at once does not fill a disk.
 */
#ifndef TASKMASTER_JOBS_MODULE_REFUSAL_H
#define TASKMASTER_JOBS_MODULE_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was told last about one module; zeroed at first. */
struct module_refusal {
    bool logged; /* at all; when and what: */
    uint64_t logged_us;
    uint64_t text;   /* a hash of its words */
    uint64_t untold; /* jobs since then */
};

/* `why`: the loader's words, or the module's own. */
void module_refusal_log(struct module_refusal *refusal, const char *module, uint32_t worker,
                        const char *why, size_t why_len, uint64_t now_us);

#endif
