/*
 * link_internal: the order of the link's files. A file calls those below it only.
 *
 *     link.c        the connection to the master, and its messages
 *     greeting.c    hello's answer: whether this master is fit
 *     news.c        events of jobs, told to the keep
 *     request.c     submits, cancels, asks: written
 *     asked.c       asks in progress
 *     event.c       a header of the master, read
 */
#ifndef TASKMASTER_QUEUE_MASTER_LINK_INTERNAL_H
#define TASKMASTER_QUEUE_MASTER_LINK_INTERNAL_H

#include "queue/master/ask.h"
#include "queue/master/event.h"
#include "queue/master/link.h"
#include "upstream/uplink.h"

#include <sys/queue.h>

/* An ask whose answer has not come. The asker may have gone. */
struct master_asked {
    struct master_ask *ask; /* NULL: it has */
    STAILQ_ENTRY(master_asked) next;
};

STAILQ_HEAD(master_asked_list, master_asked);

/* What hello's answer tells. */
struct master_greeting {
    struct kept_master_about about;
    char boot[65];
    bool is_draining;
};

struct master_link {
    struct uplink uplink; /* its first member */
    struct master_link_parts parts;
    struct keep *keep;
    struct address address;
    char *text;                      /* of the address */
    struct master_event event;       /* the one being read */
    struct master_greeting greeting; /* of the last hello */
    bool was_full;                   /* the keep was told to wait */
    struct master_asked_list asked;  /* without an answer, the oldest first */
    size_t asked_count;
    struct master_asked_list refused; /* to be answered in the next turn */
    struct timer refuse;
};

/* greeting.c */

/* False after a message in `error`: jobs are not to be handed to this master. */
bool master_greeting_read(struct master_greeting *greeting, const json_t *hello, char *error,
                          size_t error_size);

/* news.c */

/* Takes over the payload. */
void master_news_take(struct master_link *link, const struct master_event *event,
                      struct payload *payload);

/* request.c */

void master_request_submit(struct master_link *link, const struct kept *job);
void master_request_stop(struct master_link *link, const struct kept *job, bool kill);
void master_request_ask(struct master_link *link, const char *op);

/* asked.c */

void master_asked_init(struct master_link *link);

/* The answer to the oldest ask. */
void master_asked_answer(struct master_link *link, const struct master_answer *answer);

/* The connection has ended: all are refused, in the next turn. */
void master_asked_refuse_all(struct master_link *link);
void master_asked_free(struct master_link *link);

#endif
