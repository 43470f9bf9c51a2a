/* progress: see progress.h. */
#include "progress.h"

#include "fork_mark.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

enum { PAUSE_US = 100000 }; /* between two reports sent */

void progress_init(struct progress *progress, struct worker_shared *shared,
                   struct master_link *link)
{
    *progress = (struct progress){.shared = shared, .link = link};
}

void progress_begin(struct progress *progress, bool wanted)
{
    progress->wanted = wanted;
    progress->unsent = false;
    progress->next_us = 0;
}

static struct job_progress *place_of(struct worker_shared *shared, uint64_t count)
{
    return &shared->progress[count % WORKER_PROGRESS_KEPT];
}

/* The comparisons are false for NaN. */
static double clamp(double fraction)
{
    if (!(fraction > 0))
        return 0;
    return fraction < 1 ? fraction : 1;
}

static enum link_status send_latest(struct progress *progress)
{
    struct job_progress *latest = place_of(progress->shared, progress->shared->progress_count);
    struct wire_head head = {
        .type = WIRE_PROGRESS,
        .job = latest->job,
        .size = JOB_PROGRESS_SIZE_MIN + strlen(latest->message),
    };

    progress->unsent = false;
    return master_link_send(progress->link, &head, NULL, latest);
}

static void put_message(struct job_progress *place, const char *fmt, va_list args)
{
    char message[MESSAGE_MAX + 4]; /* 4 more: the character at the cut arrives whole */

    if (fmt == NULL || vsnprintf(message, sizeof(message), fmt, args) < 0)
        message[0] = '\0';
    text_clean(place->message, sizeof(place->message), message);
}

/* The text is put in place, and counts with the report. */
static void note(struct worker_shared *shared, uint64_t job, uint64_t now_us, double fraction,
                 const char *fmt, va_list args)
{
    uint64_t count = shared->progress_count + 1;
    struct job_progress *place = place_of(shared, count);

    place->count = count;
    place->job = job;
    place->at_us = now_us;
    place->fraction = clamp(fraction);
    put_message(place, fmt, args);
    __atomic_store_n(&shared->progress_count, count, __ATOMIC_RELEASE);
}

/* A fault of the connection comes again with the answer, and is reported there. */
void progress_report(struct progress *progress, uint64_t job, uint64_t now_us, double fraction,
                     const char *fmt, va_list args)
{
    if (fork_mark_in_child())
        return;
    note(progress->shared, job, now_us, fraction, fmt, args);
    if (!progress->wanted)
        return;
    progress->unsent = true;
    if (now_us < progress->next_us)
        return;
    progress->next_us = now_us + PAUSE_US;
    send_latest(progress);
}

enum link_status progress_end(struct progress *progress)
{
    return progress->unsent ? send_latest(progress) : LINK_OK;
}
