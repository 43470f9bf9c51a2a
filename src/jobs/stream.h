/*
 * stream: the parts of a running job, on their way to the reader of its source.
 *
 * A job with parts sends gigabytes, and little of that may wait in the master. So the worker
 * announces each part, and a part without room is held: the master does not read on, the kernel's
 * buffers fill, and the worker waits. Two bounds hold: one for the job and one for all jobs of the
 * source. A part beyond a bound has room while nothing else waits.
 *
 * The source counts its output in places, from 0: it tells the place behind each part, and how far
 * its reader has taken the output. What waits is counted in batches: a job's count begins anew
 * when all its parts are taken. So one look at a place is enough, and no part needs a record.
 *
 * A stream is cut when nobody wants its parts any more: its job is to stop, or its source is gone.
 * From then on parts are dropped, and the worker waits for nobody.
 */
#ifndef TASKMASTER_JOBS_STREAM_H
#define TASKMASTER_JOBS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct job;
struct job_source;

/* What becomes of an announced part. */
enum part_verdict {
    PART_TAKEN,   /* dispatcher_part_arrived() is to follow */
    PART_HELD,    /* to be announced again, after the operation `parts` */
    PART_DROPPED, /* its bytes are not kept */
};

/* The parts of a worker's current job. */
struct job_stream {
    TAILQ_ENTRY(job_stream) link; /* in its reader's list, while `listed` */
    uint64_t seq;                 /* of the next part */
    uint64_t end;                 /* the place behind the last part */
    size_t bytes;                 /* announced since nothing waited last */
    size_t arriving;              /* of these: of the part on its way from the worker */
    size_t asked;                 /* of the held part */
    bool listed;                  /* a part of it waits or is held */
    bool held;
    bool cut;     /* parts are dropped */
    bool dropped; /* one was */
    bool lost;    /* likewise, because the worker died: its answer does not count */
};

/* The reader of a source: all its streams. */
struct job_reader {
    TAILQ_HEAD(job_streams, job_stream)
    streams;         /* with parts that wait; of the held ones the first first */
    uint64_t end;    /* the place behind the last part; set by the source */
    uint64_t taken;  /* the place that the reader has come to */
    size_t bytes;    /* announced since nothing waited last */
    size_t arriving; /* of these: on their way from the workers */
    bool full;       /* a part is held for the bound of the source: it is the next */
};

/* Bytes of parts that wait for the reader, or a little more. */
static inline size_t job_reader_waiting(const struct job_reader *reader)
{
    return reader ? reader->bytes : 0;
}

#endif
