/* strangers: see strangers.h. */
#include "net/strangers.h"

#include "common/log.h"

void strangers_init(struct strangers *strangers)
{
    strangers->count = 0;
    for (int kind = 0; kind < STRANGER_KINDS; kind++)
        TAILQ_INIT(&strangers->lists[kind]);
}

void strangers_add(struct strangers *strangers, struct stranger *stranger, struct conn *conn,
                   uint64_t now_us)
{
    *stranger = (struct stranger){.conn = conn, .since_us = now_us, .kind = STRANGER_SILENT};
    TAILQ_INSERT_TAIL(&strangers->lists[STRANGER_SILENT], stranger, link);
    strangers->count++;
}

void strangers_turn(struct strangers *strangers, struct stranger *stranger, enum stranger_kind kind)
{
    if (stranger->kind != kind)
        strangers_put_back(strangers, stranger, kind);
}

void strangers_put_back(struct strangers *strangers, struct stranger *stranger,
                        enum stranger_kind kind)
{
    if (!stranger->conn)
        return;
    TAILQ_REMOVE(&strangers->lists[stranger->kind], stranger, link);
    stranger->kind = kind;
    TAILQ_INSERT_TAIL(&strangers->lists[kind], stranger, link);
}

void strangers_remove(struct strangers *strangers, struct stranger *stranger)
{
    if (!stranger->conn)
        return;
    bug_on(!strangers->count);
    TAILQ_REMOVE(&strangers->lists[stranger->kind], stranger, link);
    stranger->conn = NULL;
    strangers->count--;
}

/* That a silent one has begun to speak is noticed when its turn to go has come: until then it does
 * not matter. Each is moved once. */
static void sort_out(struct strangers *strangers)
{
    struct stranger *first;
    while ((first = TAILQ_FIRST(&strangers->lists[STRANGER_SILENT])) && conn_is_amid(first->conn))
        strangers_turn(strangers, first, STRANGER_BEGUN);
}

struct stranger *strangers_first_before(struct strangers *strangers, uint64_t before_us)
{
    sort_out(strangers);
    for (int kind = 0; kind < STRANGER_KINDS; kind++) {
        struct stranger *first = TAILQ_FIRST(&strangers->lists[kind]);
        if (first && first->since_us < before_us)
            return first;
    }
    return NULL;
}

struct stranger *strangers_first(struct strangers *strangers)
{
    return strangers_first_before(strangers, UINT64_MAX);
}
