/* reload: the settings of taskmaster-http in force: their first use, and their change while it
 * runs. */
#ifndef TASKMASTER_GATEWAY_RELOAD_H
#define TASKMASTER_GATEWAY_RELOAD_H

#include "base/payload.h"
#include "daemon/notify.h"
#include "daemon/reread.h"
#include "gateway/access/access.h"
#include "gateway/all_settings.h"
#include "gateway/http/http.h"
#include "gateway/shutdown.h"
#include "gateway/upstream/upstream.h"

struct reload {
    struct reread reread;
    /* The parts with settings; the gateway fills these in. NULL: not there yet. */
    struct payload_budget *bodies, *output;
    struct http_server *server;
    struct gateway_access *access;
    struct upstream *master, *queue;
    struct shutdown *shutdown;
    struct notify *notify;

    const struct gateway_settings *settings; /* in force */
    uint64_t file_limit;                     /* of open files; 0: not known yet, or at all */
    uint64_t files_wanted;                   /* by the settings in force */
};

void reload_free(struct reload *reload); /* after all parts */

/* The log tells of a lack of files, each time it is larger than before. */
void reload_set_file_limit(struct reload *reload, uint64_t limit);

/* Gives all parts the settings. Takes over `config`, and frees the one before. */
void reload_apply(struct reload *reload, struct config *config);

/* Reads the settings again and applies them. After a fault nothing changes. */
void reload_run(struct reload *reload);

#endif
