/*
 * dispatch_stream: see stream.h.
 */
#include "jobs/dispatcher_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>

enum {
    PART_COST = 128,         /* bytes counted for the header of a part, besides the id */
    JOB_MAX = 48 * 1024,     /* waiting bytes of a job; a metered read may hold 16 KiB more */
    SOURCE_MAX = 256 * 1024, /* of all jobs of a source */
};

static struct worker *worker_of(struct job_stream *stream)
{
    return (struct worker *)((char *)stream - offsetof(struct worker, stream));
}

static struct job_reader *reader_of(struct job_source *source)
{
    if (!source->reader) {
        source->reader = xcalloc(1, sizeof *source->reader);
        TAILQ_INIT(&source->reader->streams);
    }
    return source->reader;
}

/* --- the list of streams with waiting parts --- */

static void list(struct job_reader *reader, struct job_stream *stream)
{
    if (!stream->listed)
        TAILQ_INSERT_TAIL(&reader->streams, stream, link);
    stream->listed = true;
}

static void unlist(struct job_reader *reader, struct job_stream *stream)
{
    if (stream->listed)
        TAILQ_REMOVE(&reader->streams, stream, link);
    stream->listed = false;
}

/* --- room --- */

static bool fits(size_t waiting, size_t bytes, size_t most)
{
    return !waiting || waiting + bytes <= most;
}

/* Held ones of the source come before. */
static bool fits_reader(const struct job_reader *reader, size_t promised, size_t bytes)
{
    size_t waiting = reader->bytes + promised;
    return fits(waiting, bytes, SOURCE_MAX) && !(waiting && reader->full);
}

static void go_on(struct job_stream *stream)
{
    struct worker *worker = worker_of(stream);
    struct dispatcher *d = dispatcher_of(worker);
    stream->held = false;
    d->ops->parts(d->ctx, worker, worker->job, true);
}

/* Lets the stream go on if there is room, beside `*promised` bytes for others. */
static void try_to_go_on(struct job_reader *reader, struct job_stream *stream, size_t *promised)
{
    if (!fits(stream->bytes, stream->asked, JOB_MAX))
        return;
    if (!fits_reader(reader, *promised, stream->asked)) {
        reader->full = true;
        return;
    }
    *promised += stream->asked;
    go_on(stream);
}

/* The reader has taken something, or a part will not come. */
static void look_at(struct job_reader *reader)
{
    struct job_stream *stream, *next;
    size_t promised = 0;
    reader->full = false;
    if (reader->taken >= reader->end)
        reader->bytes = reader->arriving;
    for (stream = TAILQ_FIRST(&reader->streams); stream; stream = next) {
        next = TAILQ_NEXT(stream, link);
        if (reader->taken >= stream->end)
            stream->bytes = stream->arriving;
        if (stream->held)
            try_to_go_on(reader, stream, &promised);
        if (!stream->held && !stream->bytes)
            unlist(reader, stream);
    }
}

/* No part of the stream is awaited any more. */
static void leave(struct job_source *source, struct job_stream *stream)
{
    struct job_reader *reader = source ? source->reader : NULL;
    if (!reader)
        return;
    unlist(reader, stream);
    reader->arriving -= stream->arriving;
    reader->bytes -= stream->arriving;
    stream->arriving = 0;
    stream->held = false;
    look_at(reader);
}

/* --- parts --- */

static enum part_verdict hold(struct job_reader *reader, struct job_stream *stream, size_t bytes)
{
    stream->held = true;
    stream->asked = bytes;
    reader->full |= fits(stream->bytes, bytes, JOB_MAX);
    unlist(reader, stream);
    list(reader, stream);
    return PART_HELD;
}

static enum part_verdict take(struct job_reader *reader, struct job_stream *stream, size_t bytes)
{
    stream->bytes += bytes;
    stream->arriving = bytes;
    reader->bytes += bytes;
    reader->arriving += bytes;
    list(reader, stream);
    return PART_TAKEN;
}

enum part_verdict dispatcher_part_announced(struct worker *worker, size_t size)
{
    struct dispatcher *d = dispatcher_of(worker);
    struct job *job = worker->job;
    struct job_stream *stream = &worker->stream;
    size_t bytes = size + PART_COST + job->asked.id_len;
    worker->heard_us = dispatch_now(d);
    if (stream->cut || !job->source || job->source->gone) {
        dispatch_stream_cut(job);
        stream->dropped = true;
        return PART_DROPPED;
    }
    struct job_reader *reader = reader_of(job->source);
    if (!fits(stream->bytes, bytes, JOB_MAX) || !fits_reader(reader, 0, bytes))
        return hold(reader, stream, bytes);
    return take(reader, stream, bytes);
}

/* The parts of a job are no part of its result (end.c). */
static void count(const struct job *job, const struct payload *payload)
{
    uint64_t bytes = payload ? payload->size : 0;
    job->asked.module->tally.bytes_out += bytes;
    job->run.pool->tally.bytes_out += bytes;
}

void dispatcher_part_arrived(struct worker *worker, struct payload *payload)
{
    struct job *job = worker->job;
    struct job_stream *stream = &worker->stream;
    if (stream->cut) {
        stream->dropped = true;
        return;
    }
    struct job_reader *reader = job->source->reader;
    reader->arriving -= stream->arriving;
    stream->arriving = 0;
    count(job, payload);
    dispatch_tell(
        job, &(struct job_event){.type = JOB_PART, .part_seq = stream->seq++, .payload = payload});
    stream->end = reader->end;
}

void dispatcher_part_lost(struct worker *worker)
{
    worker->stream.lost = true;
    dispatch_stream_cut(worker->job);
}

/* --- the reader --- */

void dispatcher_source_taken(struct job_source *source, uint64_t taken)
{
    if (!source->reader)
        return;
    source->reader->taken = taken;
    look_at(source->reader);
}

static size_t count_waiting(const struct job_reader *reader)
{
    const struct job_stream *stream;
    size_t count = 0;
    TAILQ_FOREACH (stream, &reader->streams, link)
        count++;
    return count;
}

/* A call mostly cuts its stream, and may end others. */
void dispatch_stream_each_waiting(struct job_source *source, void (*call)(struct job *job))
{
    struct job_reader *reader = source->reader;
    struct job_stream *stream;
    size_t left = reader ? count_waiting(reader) : 0;
    while (left-- && (stream = TAILQ_FIRST(&reader->streams))) {
        unlist(reader, stream);
        list(reader, stream);
        call(worker_of(stream)->job);
    }
}

void dispatch_stream_forget(struct job_source *source)
{
    free(source->reader);
    source->reader = NULL;
}

/* --- the end --- */

void dispatch_stream_cut(struct job *job)
{
    struct worker *worker = job->run.worker;
    struct dispatcher *d = dispatcher_of(worker);
    if (!job->asked.notify_part || worker->stream.cut)
        return;
    worker->stream.cut = true;
    leave(job->source, &worker->stream);
    d->ops->parts(d->ctx, worker, job, false);
}

void dispatch_stream_end(struct job *job)
{
    struct worker *worker = job->run.worker;
    leave(job->source, &worker->stream);
    worker->stream = (struct job_stream){.seq = 0};
}
