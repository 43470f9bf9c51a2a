/* list: jobs of a filter, read from the store page by page. */
#ifndef TASKMASTER_QUEUE_CLIENTS_OPS_LIST_H
#define TASKMASTER_QUEUE_CLIENTS_OPS_LIST_H

#include "queue/store/engine.h"

struct queue_clients;
struct queue_request;

/* It belongs to the engine from each queue_list_read() until `read` is called. */
struct queue_list {
    struct store_op op;
    struct queue_clients *clients;
    void (*read)(struct queue_list *list);
};

/* Copies the filter of the request. `op.max` is the caller's to set. */
void queue_list_init(struct queue_list *list, struct queue_clients *clients,
                     const struct queue_request *request, void (*read)(struct queue_list *list));

/* Reads the next page behind `op.behind_seq`, which moves on. */
void queue_list_read(struct queue_list *list);

void queue_list_free_rows(struct queue_list *list);
void queue_list_free(struct queue_list *list); /* the copies */

#endif
