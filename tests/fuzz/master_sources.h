/* master_sources: the job sources of fuzz_master. They submit, cancel, stop reading, and go. */
#ifndef TASKMASTER_FUZZ_MASTER_SOURCES_H
#define TASKMASTER_FUZZ_MASTER_SOURCES_H

#include "input.h"
#include "master_world.h"

/* The record of a job; it lasts as long as the run. */
struct known_job *known_of(const struct job *job);

/* Submits a job of the input's choice. */
void source_submit(struct input *input);

/* The same with all that live jobs have: a detached one, one for a service, one with a limit to its
 * wait. */
void source_submit_live(struct input *input);

/* The source outlives all clients. */
bool source_is_lasting(const struct source *source);

/* Cancels or kills some unfinished job, of any source. */
void source_cancel(struct input *input);

/* Some source submits no further job, and waits for its unfinished ones. */
void source_end(struct input *input);

/* Likewise, and the source takes leave. */
void source_bye(struct input *input);

/* Some source reads some or none of its events. */
void source_read(struct input *input);

/* The owner of the service reads some or none. */
void source_read_service(struct input *input);

/* Some source's reader takes some of the parts, or none for too long. */
void source_take(struct input *input);
void source_stall(struct input *input);

/* All output of the source is read. */
void source_read_all(struct source *source);

/* Some source goes, at once or as soon as the dispatcher lets it go. */
void source_go(struct input *input);

/* The same for `source`. */
void source_lose(struct source *source);

#endif
