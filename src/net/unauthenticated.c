/* unauthenticated: see unauthenticated.h. */
#include "net/unauthenticated.h"

#include "common/log.h"

void unauthenticated_init(struct unauthenticated_list *list)
{
    list->count = 0;
    for (int kind = 0; kind < UNAUTHENTICATED_KINDS; kind++)
        TAILQ_INIT(&list->kinds[kind]);
}

void unauthenticated_add(struct unauthenticated_list *list, struct unauthenticated *peer,
                         struct conn *conn, uint64_t now_us)
{
    *peer =
        (struct unauthenticated){.conn = conn, .since_us = now_us, .kind = UNAUTHENTICATED_SILENT};
    TAILQ_INSERT_TAIL(&list->kinds[UNAUTHENTICATED_SILENT], peer, link);
    list->count++;
}

void unauthenticated_turn(struct unauthenticated_list *list, struct unauthenticated *peer,
                          enum unauthenticated_kind kind)
{
    if (peer->kind != kind)
        unauthenticated_put_back(list, peer, kind);
}

void unauthenticated_put_back(struct unauthenticated_list *list, struct unauthenticated *peer,
                              enum unauthenticated_kind kind)
{
    if (!peer->conn)
        return;
    TAILQ_REMOVE(&list->kinds[peer->kind], peer, link);
    peer->kind = kind;
    TAILQ_INSERT_TAIL(&list->kinds[kind], peer, link);
}

void unauthenticated_remove(struct unauthenticated_list *list, struct unauthenticated *peer)
{
    if (!peer->conn)
        return;
    bug_on(!list->count);
    TAILQ_REMOVE(&list->kinds[peer->kind], peer, link);
    peer->conn = NULL;
    list->count--;
}

/* Moves connections with a part of a hello out of the silent ones. This is done only when one of
 * them has to go, and once for each connection. */
static void sort_out(struct unauthenticated_list *list)
{
    struct unauthenticated *first;
    while ((first = TAILQ_FIRST(&list->kinds[UNAUTHENTICATED_SILENT])) && conn_is_amid(first->conn))
        unauthenticated_turn(list, first, UNAUTHENTICATED_BEGUN);
}

struct unauthenticated *unauthenticated_first_before(struct unauthenticated_list *list,
                                                     uint64_t before_us)
{
    sort_out(list);
    for (int kind = 0; kind < UNAUTHENTICATED_KINDS; kind++) {
        struct unauthenticated *first = TAILQ_FIRST(&list->kinds[kind]);
        if (first && first->since_us < before_us)
            return first;
    }
    return NULL;
}

struct unauthenticated *unauthenticated_first(struct unauthenticated_list *list)
{
    return unauthenticated_first_before(list, UINT64_MAX);
}
