/*
 * wire: the messages between master and worker over the worker port (private to a release).
 *
 * A message is one struct wire_head, then `text_len` bytes of text, then `size` bytes of payload.
 * Both ends run on one machine and come from one build. So integers travel in native byte order,
 * and structs as in memory. The magic number and the release, in the first message of each side,
 * keep out other builds.
 *
 *     worker                       master
 *     HELLO    name=release, payload struct wire_hello
 *                                  WELCOME  name=release, payload settings
 *                                           (worker/settings.h)
 *     READY                                 preload is done
 *                                  RUN      job, slot, name=module, time_us, payload_max, wants,
 *                                           payload;
 *                                           if a relay said so, text=struct wire_origin
 *     PROGRESS job, payload struct job_progress, cut behind its text
 *     PART     job, payload                 for a job whose RUN wants parts, any number of times
 *     DONE     job, time_us, kind, cpu_us, rss, payload
 *     FAILED   likewise, and retry_ms, name=code, text=message, payload=details
 *     ANSWERED                              results are in their slots
 *                                  PING     kind
 *     PONG                                  for a PING of the kind WIRE_PING_SAY
 *
 * In DONE, FAILED and ANSWERED, `leaving` says why the worker asks to be replaced. An idle worker
 * asks by an ANSWERED without results.
 *
 * The worker sends exactly one answer for each claimed job, in the order of claiming.
 *
 * The master may send jobs to a busy worker (prefetch). Before beginning a job, the worker claims
 * it (worker_page.h); jobs reclaimed by the master meanwhile are skipped without an answer. Each
 * job is answered before the next one is claimed, by DONE or FAILED or in its slot. Answers in
 * slots precede the next message.
 *
 * PROGRESS comes if the RUN wants it: at most ten times a second during the job, and once more
 * before the answer if the latest report was not sent. The answer of such a job is a message. The
 * latest report always stands in the worker's page.
 *
 * The parts of a job precede its answer. The master may stop reading for any time while a part is
 * on its way: it has no room for the part, and the worker waits. A job with parts is handed to an
 * idle worker, nothing is prefetched behind it, and its result is never left in a slot.
 *
 * A worker takes a PING between two jobs and notes the time in its page (worker_page.h). The pongs
 * of hundreds of idle workers would wake the master as often, and a look at the page wakes nobody.
 * A worker held to be dead is asked to say PONG, so that the master learns at once of its return.
 *
 * To end a worker gracefully, the master shuts down its sending side. The worker reads end of
 * input, runs the modules' fini hooks and exits with 0.
 *
 * To change the format, change the last byte of WIRE_MAGIC, this picture, and both ends in one
 * commit.
 */
#ifndef TASKMASTER_COMMON_WIRE_H
#define TASKMASTER_COMMON_WIRE_H

#include "common/limits.h"

#include <stdint.h>

#define WIRE_MAGIC 0x746d770cu /* "tmw" 12 */

/*
 * The worker's stdout and stderr are a pipe to the master. In the pipe, each line of the worker
 * itself begins with this byte. The byte also ends an unfinished line of a module, so that a line
 * with a priority is never the rest of another line. (An LF would end the line as well, but a
 * module's own empty lines are to be kept, and the worker cannot know if an LF is needed: children
 * and threads of the module print, too.) ASCII calls the byte record separator, and nobody prints
 * it.
 */
enum { WIRE_MARK = 0x1e };

/*
 * Payloads of at least so many bytes may find no room at the receiver: the worker waits for their
 * acknowledgement before beginning another job (worker/master_link.c). If the worker holds that job
 * already, the master makes sure that the acknowledgement is not delayed.
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
    WIRE_PING,
    WIRE_PONG,
    WIRE_PROGRESS,
    WIRE_PART,
};

/* What the submitter asked for, besides the answer. */
enum wire_wants {
    WIRE_WANTS_PROGRESS = 1u << 0,
    WIRE_WANTS_PARTS = 1u << 1,
    WIRE_WANTS_USAGE = 1u << 2, /* cpu_us and rss in the answer */
};

enum wire_ping {
    WIRE_PING_NOTE = 0, /* note the time in the page */
    WIRE_PING_SAY,      /* and answer with PONG */
};

/* The reason for a job's failure, as far as the worker knows. */
enum wire_kind {
    WIRE_KIND_NONE = 0,
    WIRE_KIND_MODULE,      /* the module failed the job: reason module */
    WIRE_KIND_UNAVAILABLE, /* the module cannot be loaded; the text is the loader's */
    WIRE_KIND_TOO_LARGE,   /* the result exceeds payload-max */
    WIRE_KIND_UNFIT, /* this worker cannot load or initialise the module, but another might: the job
                        has not begun; text as above */
};

/* DONE: how whole the result is. */
enum wire_done {
    WIRE_DONE_WHOLE = 0,
    WIRE_DONE_PARTLY, /* a part was refused to the module, because nobody wants parts any more */
};

/* The worker's reason for being replaced after its job. */
enum wire_leaving {
    WIRE_STAYS = 0,
    WIRE_LEAVING_RSS,   /* it is larger than worker-max-rss */
    WIRE_LEAVING_FILES, /* jobs have left descriptors open, or have left too few */
};

struct wire_head {
    uint32_t magic;    /* WIRE_MAGIC */
    uint32_t type;     /* enum wire_type */
    uint64_t job;      /* the job's sequence number; 0 in messages about no job */
    uint64_t size;     /* bytes of payload */
    uint64_t time_us;  /* RUN: time limit from the job's beginning, 0: none; DONE, FAILED: time in
                          the module, 0: it did not run */
    uint64_t cpu_us;   /* DONE, FAILED: the job's processor time in microseconds, if wanted */
    uint64_t rss;      /* DONE, FAILED: the worker's size in bytes at its end, if wanted */
    uint32_t text_len; /* bytes of text, at most WIRE_TEXT_MAX; in FAILED, RUN */
    uint32_t kind;     /* FAILED: enum wire_kind; PING: enum wire_ping; DONE: enum wire_done */
    uint32_t slot;     /* RUN: index of the claim word */
    uint32_t payload_max; /* RUN: the largest payload of the answer or of a part, in bytes */
    uint32_t wants;       /* RUN: a set of enum wire_wants */
    uint32_t retry_ms;    /* FAILED, kind module: pause before another try; 0: none is asked for */
    uint32_t leaving;     /* DONE, FAILED, ANSWERED: enum wire_leaving */
    char name[68];        /* NUL-terminated */
};

enum { WIRE_TEXT_MAX = 1024 };

/* What a relay says of a job. */
struct wire_origin {
    uint32_t attempt;        /* 0: not given */
    char id[ORIGIN_MAX + 1]; /* NUL-terminated; empty: not given */
};

struct wire_hello {
    uint32_t worker; /* the id from the worker's page */
    uint8_t token[TOKEN_BYTES];
};

#endif
