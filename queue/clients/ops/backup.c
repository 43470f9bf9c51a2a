/* backup: a consistent copy of the store, written while the queue works. The answer comes when the
 * copy is whole. */
#include "queue/clients/ops/ops.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <stdlib.h>

static const struct field fields[] = {
    {"path", FIELD_STRING, FIELD_REQUIRED, QUEUE_REQUEST_AT(path), .min = 1, .max = PATH_TEXT_MAX,
     .noun = "an absolute path"},
    {0},
};

struct backup {
    struct queue_asked asked;
    struct store_op op;
    char *path;
};

static void tell(const struct backup *backup)
{
    struct event_writer event;
    if (backup->op.status != STORE_OK) {
        bool is_storage = backup->op.status == STORE_NO_ROOM || backup->op.status == STORE_AWAY;
        queue_asked_refuse(&backup->asked, is_storage ? "storage" : "backup-failed",
                           *backup->op.error ? backup->op.error : "the disk has no room for it");
        return;
    }
    queue_asked_begin_ok(&event, &backup->asked);
    event_end(&event);
}

static void on_done(struct store_op *op)
{
    struct backup *backup = (struct backup *)((char *)op - offsetof(struct backup, op));
    bool is_fine = op->status == STORE_OK;
    log_event(is_fine ? LOG_INFO : LOG_WARN, is_fine ? "backup-done" : "backup-failed",
              LOG_STR("path", backup->path), LOG_STR_OPT("why", is_fine ? NULL : op->error));
    if (queue_asked_is_heard(&backup->asked))
        tell(backup);
    free(backup->path);
    queue_asked_end(&backup->asked);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct queue_session *session = queue_session_of_dialogue(dialogue);
    const char *path = queue_request_of(request)->path.text;
    if (*path != '/')
        return request_refuse(request, "bad-request", "field path needs an absolute path");
    struct backup *backup = queue_asked_new(sizeof *backup, session, request, false, NULL);
    backup->path = xstrdup(path);
    backup->op.kind = STORE_BACKUP;
    backup->op.path = backup->path;
    backup->op.done = on_done;
    log_event(LOG_INFO, "backup-begun", LOG_STR("path", path),
              LOG_STR("client", session->peer.name),
              LOG_STR_OPT("owner", peer_grant(&session->peer)->name));
    keep_post(queue_session_keep(session), &backup->op);
    return VERDICT_FINE;
}

const struct operation queue_op_backup = {
    .name = "backup",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .fields = fields,
    .run = run,
};
