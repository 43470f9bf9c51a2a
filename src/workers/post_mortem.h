/*
 * post_mortem: what a crashed worker has left of itself (common/crash_record.h), checked, and told
 * apart from other crashes by a fingerprint.
 */
#ifndef TASKMASTER_WORKERS_POST_MORTEM_H
#define TASKMASTER_WORKERS_POST_MORTEM_H

#include "common/worker_page.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    POST_MORTEM_FRAME_MAX = CRASH_PATH_MAX + 20, /* bytes of a frame's text, the NUL included */
    POST_MORTEM_FINGERPRINT_MAX = 9,             /* likewise, of a fingerprint's */
};

struct post_mortem {
    bool exists;                      /* the rest is defined */
    uint32_t fingerprint;             /* the same for crashes at the same place */
    uint64_t job;                     /* the number of the begun job; 0: none */
    char module[MODULE_NAME_MAX + 1]; /* the module that ran; "-": none */
    struct crash_record record;
};

/* Copies the record of a worker ended with this wait status while it ran this module. A worker that
 * died otherwise than by the recorded signal has no post-mortem. */
void post_mortem_read(struct post_mortem *crash, const struct worker_shared *shared, int status,
                      const char *module);

/* Writes the fingerprint, eight digits, and returns `text`. */
const char *post_mortem_fingerprint(const struct post_mortem *crash,
                                    char text[POST_MORTEM_FINGERPRINT_MAX]);

/* Writes the innermost frame in a file other than the C library and the loader, as in
 * "crash.so+0x11a9"; without such a frame the innermost. Returns `text`, or NULL without any frame.
 */
const char *post_mortem_top(const struct post_mortem *crash, char text[POST_MORTEM_FRAME_MAX]);

/* The form for clients (doc/protocol.md). The caller owns the object. */
json_t *post_mortem_json(const struct post_mortem *crash);

#endif
