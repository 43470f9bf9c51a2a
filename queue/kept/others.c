/* kept_others: followers at other nodes hear of the events of a job that this node holds. */
#include "queue/kept/kept_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

enum { TELLS_MAX = 1000 }; /* on their way; more are left out */

struct telling {
    struct store_news news;
    char fields[];
};

static void told(struct keep_op *op)
{
    op->keep->shared.tells--;
    free(op->arg);
}

static void tell(struct kept *job, enum store_wants what, const char *fields)
{
    size_t len = strlen(fields) + 1;
    struct telling *telling = xcalloc(1, sizeof *telling + len);
    struct keep_op *op = kept_write_new(job->keep, STORE_TELL, told);
    memcpy(telling->fields, fields, len);
    telling->news = (struct store_news){
        .what = what, .attempt = job->stored->run.attempt, .fields = telling->fields};
    op->op.seq = job->stored->seq;
    op->op.is_held = true;
    op->op.news = &telling->news;
    op->arg = telling;
    job->keep->shared.tells++;
    kept_write_post(op);
}

/* Watches at other nodes hear of each start. All else the store tells them by itself. */
static bool is_wanted(const struct kept *job, enum store_wants what)
{
    const struct keep *keep = job->keep;
    return job->stored->others & what ||
           (what == STORE_WANTS_STARTED && keep->parts.engine_ops->is_watched(keep->parts.engine));
}

void kept_others_tell(struct kept *job, enum store_wants what, const char *fields)
{
    const struct keep *keep = job->keep;
    if (kept_is_shared(keep) && kept_is_up(keep) && keep->shared.tells < TELLS_MAX &&
        is_wanted(job, what))
        tell(job, what, fields);
}
