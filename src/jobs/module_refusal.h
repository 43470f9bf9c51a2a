/*
 * module_refusal: the log's lines about a module that no worker can use.
 *
 * Each of its jobs ends `unavailable`, and each worker finds out for itself. The same words are
 * logged once a minute, so that a client with endless retries does not fill a disk.
 */
#ifndef TASKMASTER_JOBS_MODULE_REFUSAL_H
#define TASKMASTER_JOBS_MODULE_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The last line about one module; zeroed at first. */
struct module_refusal {
    bool logged; /* at all */
    uint64_t logged_us;
    uint64_t text;   /* a hash of the words */
    uint64_t untold; /* jobs refused since then */
};

/* `why`: the loader's words, or the module's own. */
void module_refusal_log(struct module_refusal *refusal, const char *module, uint32_t worker,
                        const char *why, size_t why_len, uint64_t now_us);

#endif
