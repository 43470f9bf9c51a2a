/*
 * wire: what master and worker say to each other over the worker port (private to a release).
 *
 * A message is one struct wire_head, then `text_len` bytes of text, then `size` bytes of payload.
 * Both ends run on one machine and come from one build, so integers travel in native order and
 * structs as they lie in memory; the magic number and the release string in the first message of
 * each side refuse anything else.
 *
 *     worker                       master
 *     HELLO    name=release, payload struct wire_hello
 *                                  WELCOME  name=release, payload settings
 *                                           (worker/settings.h)
 *     READY                                 preload is done
 *                                  RUN      job, slot, name=module, time_us, payload_max, payload
 *     DONE     job, time_us, payload
 *     FAILED   job, time_us, kind, name=code, text=message, payload=details
 *     ANSWERED                              results are in their slots
 *
 * There is exactly one answer for each job that the worker claims, in their order.
 *
 * A worker may be handed jobs while it is busy. Before it begins one, it claims it (worker_page.h);
 * one that the master has taken back meanwhile it skips without a word. A job is answered by its
 * DONE or FAILED, or in its slot, before the next one is claimed; answers in slots come before a
 * message.
 *
 * The master ends a worker gracefully by shutting down its sending side: the worker reads end of
 * input, runs the modules' fini hooks and exits with 0.
 *
 * To change the format: change WIRE_MAGIC's last byte, this picture, and both ends in one commit.
 */
#ifndef TASKMASTER_COMMON_WIRE_H
#define TASKMASTER_COMMON_WIRE_H

#include "common/limits.h"

#include <stdint.h>

#define WIRE_MAGIC 0x746d7706u /* "tmw" 6 */

/*
 * On the other way from worker to master, the pipe that is its stdout and stderr, each line that
 * the worker itself writes begins with this byte. Whatever a module has left unfinished there ends
 * before it, so that a line with a priority is never the rest of another. (A line end would do as
 * well, but the empty lines that a module prints are its own; the worker cannot know whether one is
 * called for, for children and threads of the module print, too.) ASCII calls it record separator,
 * and nobody prints it.
 */
enum { WIRE_MARK = 0x1e };

/*
 * Bytes of a payload for which the other side may have no room: the worker waits until it is
 * acknowledged before it begins another job (worker/master_link.c). Where the worker has that job
 * already, the master sees to it that the acknowledgement is not put off.
 */
enum { WIRE_LARGE = 16 * 1024 };

enum wire_type {
    WIRE_HELLO = 1,
    WIRE_WELCOME,
    WIRE_READY,
    WIRE_RUN,
    WIRE_DONE,
    WIRE_FAILED,
    WIRE_ANSWERED,
};

/* Why a job failed, as far as the worker can tell. */
enum wire_kind {
    WIRE_KIND_NONE = 0,
    WIRE_KIND_MODULE,      /* the module said so: failed, reason module */
    WIRE_KIND_UNAVAILABLE, /* the module cannot be loaded; text holds the loader's words */
    WIRE_KIND_TOO_LARGE,   /* the result exceeds payload-max */
    WIRE_KIND_UNFIT,       /* this worker cannot load or initialise the module, for a reason that
                              another may not have: the job has not begun; text as above */
};

struct wire_head {
    uint32_t magic;       /* WIRE_MAGIC */
    uint32_t type;        /* enum wire_type */
    uint64_t job;         /* the job's sequence number; 0 in HELLO, WELCOME and READY */
    uint64_t size;        /* bytes of payload */
    uint64_t time_us;     /* RUN: how long the job may take from its beginning, 0 for ever; DONE,
                           * FAILED:  how long its module ran, 0 if it did not */
    uint32_t text_len;    /* bytes of text, at most WIRE_TEXT_MAX; only in FAILED */
    uint32_t kind;        /* FAILED: enum wire_kind */
    uint32_t slot;        /* RUN: of its claim word */
    uint32_t payload_max; /* RUN: the most that the answer's payload may have, in bytes */
    char name[72];        /* NUL-terminated */
};

enum { WIRE_TEXT_MAX = 1024 };

struct wire_hello {
    uint32_t worker; /* the id in the page below */
    uint8_t token[TOKEN_BYTES];
};

#endif
