/* reload: the settings of taskqueued in force: their first use, and their change while it runs. */
#ifndef TASKMASTER_QUEUE_RELOAD_H
#define TASKMASTER_QUEUE_RELOAD_H

#include "base/payload.h"
#include "base/timers.h"
#include "daemon/notify.h"
#include "daemon/reread.h"
#include "queue/all_settings.h"
#include "queue/clients/clients.h"
#include "queue/keeping.h"
#include "queue/shutdown.h"

struct reload {
    struct reread reread;
    /* The parts with settings; the daemon fills these in. */
    struct payload_budget *payloads, *output;
    struct queue_clients *clients;
    struct keeping *keeping;
    struct shutdown *shutdown;
    struct notify *notify;
    struct timers *timers;

    const struct queue_settings *settings; /* in force */
    uint64_t file_limit;                   /* of open files; 0: not known yet, or at all */
    uint64_t files_wanted;                 /* by the settings in force */
    struct timer decided;                  /* set: clients are told that the reload is done */
};

void reload_init(struct reload *reload);
void reload_free(struct reload *reload); /* after all parts */

/* Gives all parts the settings. Takes over `config`, and frees the one before. */
void reload_apply(struct reload *reload, struct config *config);

/* Leaves open files to the store and the link. */
void reload_set_file_limit(struct reload *reload, uint64_t limit);

/* Reads the settings again and applies them. False after a fault. */
bool reload_run(struct reload *reload);

/* The same for a client. */
bool reload_for_client(struct reload *reload, struct control_reload *told);

#endif
