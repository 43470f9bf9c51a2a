/* job_loop: takes jobs from the master and answers each, until the master ends it. */
#ifndef TASKMASTER_WORKER_JOB_LOOP_H
#define TASKMASTER_WORKER_JOB_LOOP_H

#include "loader.h"
#include "master_link.h"
#include "settings.h"

/* `claims`: the words by which jobs are claimed (common/worker_page.h). LINK_END when the master
 * wants the worker to end, LINK_BROKEN after a reported fault. */
enum link_status job_loop_run(struct master_link *link, struct loader *loader,
                              const struct settings *settings, const uint64_t *stop_word,
                              uint64_t *claims);

#endif
