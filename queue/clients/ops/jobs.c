/*
 * jobs: all kept jobs, or those of a filter, a page at a time, in the order of their numbers.
 *
 * The store has all jobs. Those that are in memory, too, may be a step ahead of their rows. The
 * place of the next page is a number, so it stays good for ever, and costs nothing.
 */
#include "queue/clients/ops/ops.h"

#include "queue/clients/job_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct field fields[] = {
    QUEUE_OP_FILTER_FIELDS,
    QUEUE_OP_STATE_FIELD(queue_state_words),
    QUEUE_OP_REASON_FIELD,
    PEER_OP_PAGE_FIELDS,
    {0},
};

struct page {
    struct queue_asked asked;
    struct queue_list list;
    uint32_t state; /* a word, from 1; 0: any */
};

/* The record, if it is ahead of its row. A job at another node has a copy in memory, at most. */
static const struct kept *find(const struct page *page, uint64_t seq)
{
    const struct kept *job = keep_find(queue_session_keep(page->asked.session), seq);
    return job && job->state != KEPT_ELSEWHERE ? job : NULL;
}

static void write_row(struct json_writer *json, const struct page *page,
                      const struct stored_job *stored, uint64_t now_ms)
{
    const struct kept *job = find(page, stored->seq);
    enum queue_state_word state =
        job ? queue_state_of(job->state, job->stored) : queue_state_of_stored(stored);
    if (!page->state || page->state == state + 1u)
        queue_job_report_write(json, job ? job->stored : stored, state, now_ms);
}

static char *write_rows(const struct page *page)
{
    uint64_t now_ms = keep_wall_ms(queue_session_keep(page->asked.session));
    const struct store_row *row;
    struct json_writer json;
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '[');
    STAILQ_FOREACH (row, &page->list.op.rows, link)
        write_row(&json, page, row->job, now_ms);
    json_writer_end(&json, ']');
    return json_writer_close(&json);
}

static void tell(const struct page *page)
{
    char more[64] = ",\"more\":false";
    char *text = write_rows(page);
    if (!page->list.op.is_whole)
        snprintf(more, sizeof more, ",\"more\":true,\"after\":\"%" PRIu64 "\"",
                 page->list.op.behind_seq);
    conn_note_cost(&page->asked.session->peer.conn);
    queue_asked_tell_page(&page->asked, more, text);
    free(text);
}

static void on_read(struct queue_list *list)
{
    struct page *page = (struct page *)((char *)list - offsetof(struct page, list));
    if (queue_asked_is_heard(&page->asked) && list->op.status == STORE_OK)
        tell(page);
    else if (queue_asked_is_heard(&page->asked))
        queue_asked_refuse_storage(&page->asked);
    queue_list_free_rows(list);
    queue_list_free(list);
    queue_asked_end(&page->asked);
}

/* False for a text that is no place. */
static bool read_place(const char *text, uint64_t *seq)
{
    char *end;
    *seq = 0;
    if (!*text)
        return true;
    *seq = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && *seq <= INT64_MAX;
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct queue_session *session = queue_session_of_dialogue(dialogue);
    const struct queue_request *own = queue_request_of(request);
    uint64_t behind_seq;
    if (!read_place(own->peer.after.text, &behind_seq))
        return request_refuse(request, "unknown-place", "there is no place %s in this list",
                              own->peer.after.text);
    struct page *page = queue_asked_new(sizeof *page, session, request, true, NULL);
    page->state = own->state;
    queue_list_init(&page->list, queue_session_clients(session), own, on_read);
    page->list.op.behind_seq = behind_seq;
    page->list.op.max = peer_page_limit(request);
    queue_list_read(&page->list);
    return VERDICT_FINE;
}

const struct operation queue_op_jobs = {
    .name = "jobs",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .fields = fields,
    .run = run,
};
