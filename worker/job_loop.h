/* job_loop: receives jobs from the master, runs and answers each, until the master ends the
 * worker. */
#ifndef TASKMASTER_WORKER_JOB_LOOP_H
#define TASKMASTER_WORKER_JOB_LOOP_H

#include "common/worker_page.h"
#include "loader.h"
#include "master_link.h"
#include "settings.h"

/* `shared` holds the claim words, the stop flag and the slots for small results. Returns LINK_END
 * when the master ends the worker, LINK_BROKEN after a reported fault. */
enum link_status job_loop_run(struct master_link *link, struct loader *loader,
                              const struct settings *settings, struct worker_shared *shared);

#endif
