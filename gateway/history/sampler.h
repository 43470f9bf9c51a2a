/* sampler: asks the daemons for their stats every five seconds, for the history. */
#ifndef TASKMASTER_GATEWAY_HISTORY_SAMPLER_H
#define TASKMASTER_GATEWAY_HISTORY_SAMPLER_H

struct history;
struct sampler;
struct timers;
struct upstream;

/* All is borrowed; `queue` may be NULL. The first sample is taken in the next turn of the loop but
 * for a second, when the daemons are connected as a rule. */
struct sampler *sampler_new(struct timers *timers, struct upstream *master, struct upstream *queue,
                            struct history *history);

void sampler_free(struct sampler *sampler); /* NULL is fine */

#endif
