/* queue_list: see list.h. */
#include "queue/clients/ops/list.h"

#include "queue/clients/ops/ops.h"

#include "common/xmalloc.h"

#include <stdlib.h>

static void on_done(struct store_op *op)
{
    struct queue_list *list = (struct queue_list *)((char *)op - offsetof(struct queue_list, op));
    list->read(list);
}

static const char *copy(const char *text)
{
    return *text ? xstrdup(text) : NULL;
}

void queue_list_init(struct queue_list *list, struct queue_clients *clients,
                     const struct queue_request *request, void (*read)(struct queue_list *list))
{
    *list = (struct queue_list){
        .op = {.kind = STORE_LIST, .done = on_done},
        .clients = clients,
        .read = read,
    };
    list->op.filter = (struct store_filter){
        .module = copy(request->peer.module.text),
        .owner = copy(request->owner.text),
        .reason = copy(request->reason.text),
        .states = request->state ? queue_state_stored(request->state - 1) : 0,
    };
    STAILQ_INIT(&list->op.rows);
}

void queue_list_read(struct queue_list *list)
{
    keep_post(list->clients->keep, &list->op);
}

void queue_list_free_rows(struct queue_list *list)
{
    struct store_row *row;
    while ((row = STAILQ_FIRST(&list->op.rows))) {
        STAILQ_REMOVE_HEAD(&list->op.rows, link);
        stored_job_free(row->job);
        free(row);
    }
}

void queue_list_free(struct queue_list *list)
{
    free((void *)list->op.filter.module);
    free((void *)list->op.filter.owner);
    free((void *)list->op.filter.reason);
}
