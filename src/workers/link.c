/* worker_link: see link.h. */
#include "workers/link.h"
#include "workers/workers_internal.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <stdlib.h>

struct worker_link *worker_link_new(struct workers *workers, struct worker *worker)
{
    struct worker_link *link = xcalloc(1, sizeof *link);
    link->workers = workers;
    link->worker = worker;
    link->been = 1u << LINK_STARTED;
    link->welcome = worker_welcome_ref(workers->welcome);
    link->preload = worker_preloads_ref(&workers->preloads, dispatcher_of(worker)->name);
    link->process.output_fd = -1;
    TAILQ_INSERT_TAIL(&workers->links, link, link);
    return link;
}

void worker_link_look_at_modules(struct worker_link *link)
{
    if (link->process.shared && link->workers->modules)
        worker_loaded_look(&link->loaded, link->process.shared, link->workers->modules,
                           workers_timers(link->workers)->now_us);
}

/* The worker may have loaded a module that nobody else has. */
void worker_link_free(struct worker_link *link)
{
    bug_on(worker_process_exists(&link->process));
    worker_link_look_at_modules(link);
    worker_loaded_end(&link->loaded);
    timer_clear(workers_timers(link->workers), &link->grace);
    timer_clear(workers_timers(link->workers), &link->peek);
    worker_link_close_connection(link);
    worker_output_close(&link->output);
    worker_process_close(&link->process);
    worker_welcome_unref(link->preload);
    worker_welcome_unref(link->welcome);
    TAILQ_REMOVE(&link->workers->links, link, link);
    free(link);
}

bool worker_link_may_turn(enum worker_link_state from, enum worker_link_state to)
{
    enum { ENDS = 1u << LINK_KILLED | 1u << LINK_REAPED };
    static const unsigned char ways[LINK_STATES] = {
        [LINK_STARTED] = 1u << LINK_AUTHENTICATED | ENDS,
        [LINK_AUTHENTICATED] = 1u << LINK_READY | 1u << LINK_RETIRING | 1u << LINK_CLOSED | ENDS,
        [LINK_READY] = 1u << LINK_RETIRING | 1u << LINK_CLOSED | ENDS,
        [LINK_RETIRING] = ENDS,
        [LINK_CLOSED] = ENDS,
        [LINK_KILLED] = 1u << LINK_REAPED,
    };
    return ways[from] & 1u << to;
}

void worker_link_set_state(struct worker_link *link, enum worker_link_state state)
{
    bug_on(!worker_link_may_turn(link->state, state));
    link->state = (uint8_t)state;
    link->been |= (uint8_t)(1u << state);
}

void worker_link_close_connection(struct worker_link *link)
{
    if (!link->connection)
        return;
    if (link->worker->state != WORKER_STARTING)
        worker_cut_off(link->worker);
    link->connection->link = NULL;
    conn_close(&link->connection->conn);
    link->connection = NULL;
}

struct worker_link *worker_link_by_id(const struct workers *workers, uint32_t id)
{
    struct worker_link *link;
    TAILQ_FOREACH (link, &workers->links, link)
        if (link->worker->id == id)
            return link;
    return NULL;
}

struct worker_link *worker_link_by_pid(const struct workers *workers, pid_t pid)
{
    struct worker_link *link;
    TAILQ_FOREACH (link, &workers->links, link)
        if (link->process.pid == pid)
            return link;
    return NULL;
}
