/* job_loop: takes jobs from the master and answers each, until the master ends it. */
#ifndef TASKMASTER_WORKER_JOB_LOOP_H
#define TASKMASTER_WORKER_JOB_LOOP_H

#include "common/worker_page.h"
#include "loader.h"
#include "master_link.h"
#include "settings.h"

/* `shared`: where jobs are claimed, stopped, and small results left. LINK_END when the master wants
 * the worker to end, LINK_BROKEN after a reported fault. */
enum link_status job_loop_run(struct master_link *link, struct loader *loader,
                              const struct settings *settings, struct worker_shared *shared);

#endif
