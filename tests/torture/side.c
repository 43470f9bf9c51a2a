/* side: see side.h. */
#include "side.h"

#include "die.h"

#include <stdio.h>
#include <stdlib.h>

static void take_refusal(struct side *side, const struct side_record *record)
{
    if (side->refusal_count == side->refusal_room) {
        side->refusal_room = side->refusal_room * 2 + 64;
        side->refusals = need_more(side->refusals, side->refusal_room * sizeof *side->refusals);
    }
    side->refusals[side->refusal_count++] =
        (struct side_refusal){.t_us = record->t_us, .pid = (int32_t)record->pid};
}

static void take_attempt(struct side_job *job, uint32_t attempt)
{
    if (attempt < job->attempt)
        job->fell = true;
    else
        job->attempt = attempt;
}

static void take(struct side *side, const struct side_record *record)
{
    if (record->kind == SIDE_REFUSAL) {
        take_refusal(side, record);
        return;
    }
    if (record->uid >= side->count || record->kind < SIDE_START || record->kind > SIDE_FINISH) {
        side->broken++;
        return;
    }
    struct side_job *job = &side->jobs[record->uid];
    if (record->kind == SIDE_START) {
        job->starts++;
        job->start_us = record->t_us;
        job->start_pid = (int32_t)record->pid;
        take_attempt(job, (uint32_t)record->hash);
    } else {
        job->finishes++;
        job->finish_us = record->t_us;
        job->finish_pid = (int32_t)record->pid;
        job->hash = record->hash;
    }
}

void side_read(struct side *side, const char *path, size_t jobs)
{
    struct side_record record;
    *side = (struct side){.jobs = need(jobs * sizeof *side->jobs), .count = jobs};
    FILE *file = fopen(path, "re");
    if (!file)
        die("cannot read %s", path);
    while (fread(&record, sizeof record, 1, file) == 1)
        take(side, &record);
    fclose(file);
}

void side_free(struct side *side)
{
    free(side->jobs);
    free(side->refusals);
}
