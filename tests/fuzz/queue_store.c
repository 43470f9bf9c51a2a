/* queue_store: see queue_store.h. */
#include "queue_store.h"

#include "common/xmalloc.h"

static void copy_body(struct stored_body *to, const struct stored_body *from)
{
    *to = (struct stored_body){.size = from->size};
    if (!from->data)
        return;
    to->data = xmalloc(from->size + 1);
    memcpy(to->data, from->data, from->size);
}

static void copy_row(struct store_rows *rows, const struct stored_job *job)
{
    struct store_row *row = xcalloc(1, sizeof *row);
    row->job = stored_job_new(&job->wish);
    row->job->seq = job->seq;
    row->job->run = job->run;
    if (job->run.state == STORED_ENDED)
        stored_job_set_outcome(row->job, &job->outcome);
    copy_body(&row->job->input, &job->input);
    copy_body(&row->job->result, &job->result);
    STAILQ_INSERT_TAIL(rows, row, link);
}

void queue_store_copy(struct engine *to, const struct engine *from)
{
    const struct store_row *row;
    fake_engine_init(to);
    to->next_seq = from->next_seq;
    to->is_full = from->is_full;
    STAILQ_FOREACH (row, &from->rows, link)
        copy_row(&to->rows, row->job);
    for (size_t i = 0; i < from->paused_count; i++)
        to->paused[i] = xstrdup(from->paused[i]);
    to->paused_count = from->paused_count;
}
