/* master_asked: asks in progress (ask.h). */
#include "queue/master/link_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>

/* Asks in progress: clients that come, ask and go must not use up the memory. */
enum { ASKED_MAX = 10000 };

static struct master_asked *take_first(struct master_asked_list *list)
{
    struct master_asked *asked = STAILQ_FIRST(list);
    if (asked)
        STAILQ_REMOVE_HEAD(list, next);
    return asked;
}

static void answer(struct master_asked *asked, const struct master_answer *answer)
{
    struct master_ask *ask = asked->ask;
    free(asked);
    if (!ask)
        return;
    ask->asked = NULL;
    ask->answered(ask, answer);
}

static void on_refuse(void *arg)
{
    struct master_link *link = arg;
    struct master_asked_list list = STAILQ_HEAD_INITIALIZER(list);
    struct master_asked *asked;
    STAILQ_CONCAT(&list, &link->refused); /* an asker may ask again at once */
    while ((asked = take_first(&list)))
        answer(asked,
               &(struct master_answer){.code = "unavailable",
                                       .message = "the master is away, or has much to answer"});
}

void master_asked_init(struct master_link *link)
{
    STAILQ_INIT(&link->asked);
    STAILQ_INIT(&link->refused);
    timer_init(&link->refuse, on_refuse, link);
}

static void refuse_soon(struct master_link *link)
{
    if (!timer_is_set(&link->refuse))
        timer_set_next(link->parts.loop->timers, &link->refuse);
}

void master_link_ask(struct master_link *link, struct master_ask *ask)
{
    struct master_asked *asked = xcalloc(1, sizeof *asked);
    asked->ask = ask;
    ask->asked = asked;
    if (link->uplink.state != UPLINK_UP || link->asked_count == ASKED_MAX) {
        STAILQ_INSERT_TAIL(&link->refused, asked, next);
        refuse_soon(link);
        return;
    }
    STAILQ_INSERT_TAIL(&link->asked, asked, next);
    link->asked_count++;
    master_request_ask(link, ask->op);
}

void master_ask_forget(struct master_ask *ask)
{
    if (ask->asked)
        ask->asked->ask = NULL;
    ask->asked = NULL;
}

void master_asked_answer(struct master_link *link, const struct master_answer *with)
{
    struct master_asked *asked = take_first(&link->asked);
    if (!asked)
        return;
    link->asked_count--;
    answer(asked, with);
}

void master_asked_refuse_all(struct master_link *link)
{
    if (STAILQ_EMPTY(&link->asked))
        return;
    STAILQ_CONCAT(&link->refused, &link->asked);
    link->asked_count = 0;
    refuse_soon(link);
}

static void drop(struct master_asked_list *list)
{
    struct master_asked *asked;
    while ((asked = take_first(list))) {
        if (asked->ask)
            asked->ask->asked = NULL;
        free(asked);
    }
}

void master_asked_free(struct master_link *link)
{
    drop(&link->asked);
    drop(&link->refused);
    timer_clear(link->parts.loop->timers, &link->refuse);
}
