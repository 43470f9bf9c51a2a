/*
 * taskmaster-worker: runs jobs in modules, one at a time, for the taskmasterd that started it.
 *
 * This file holds only the order of the start. The worker first ties its life to the master's, then
 * takes the master's address and the token from the shared page. The token is wiped as soon as it
 * was sent. The other files:
 *
 *     startup, signals, fork_guard, fork_mark      the process: start, end, forked children
 *     confine                                      its limits, and its closing to others
 *     master_connect, handshake, settings          connecting to the master
 *     master_link, job_loop, job, buffer           taking, running and answering jobs
 *     crash_handler, crash_attempt,                the post-mortem of a crash
 *     crash_unwind, crash_object
 *     loader, module_object, load_error, refusal   loading modules and calling init() and fini()
 *     module_functions, host, progress             the functions called by modules
 *     effects, effects_table                       what a module can change of the process
 *     process_state, environment_state,            undoing such changes
 *     files_state, posix_timers, fp_control
 *     usage, descriptors, measure                  what jobs have used up of the process
 *     report, text                                 lines for the master's log
 *     options                                      --check-module and other options
 */
#include "confine.h"
#include "crash_handler.h"
#include "fork_guard.h"
#include "handshake.h"
#include "job_loop.h"
#include "loader.h"
#include "master_connect.h"
#include "master_link.h"
#include "options.h"
#include "report.h"
#include "settings.h"
#include "signals.h"
#include "startup.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Returns NULL after a report. */
static struct master_link *join_master(struct startup *start, struct settings *settings)
{
    int fd = master_connect((const struct sockaddr *)&start->addr, start->addr_len, start->worker,
                            start->token);
    explicit_bzero(start->token, sizeof(start->token));
    if (fd < 0)
        return NULL;
    struct master_link *link = master_link_new(fd);
    if (handshake_welcome(link, settings) == 0)
        return link;
    master_link_free(link);
    return NULL;
}

int main(int argc, char **argv)
{
    struct startup start;
    static struct settings settings; /* static: reachable at an early return, so no leak */
    static struct master_link *link;
    static struct loader *loader;

    if (argc > 1)
        return options_run(argc, argv);

    pid_t master = startup_follow_master();
    fork_guard_init();
    signals_install(master);
    startup_take_page(&start);
    crash_handler_install(&start.shared->crash);
    startup_clean_process(&start);
    confine_process(&start.limits);

    link = join_master(&start, &settings);
    if (link == NULL)
        return EXIT_FAILURE;
    report_follow_debug(&start.shared->page.debug);

    loader = loader_new(&settings, start.shared);
    loader_preload(loader, start.shared);
    if (handshake_ready(link) < 0)
        return EXIT_FAILURE;

    bool ended = job_loop_run(link, loader, &settings, start.shared) == LINK_END;
    startup_stay_for_children();
    if (!ended)
        return EXIT_FAILURE;
    loader_free(loader, start.shared);
    master_link_free(link);
    settings_free(&settings);
    return EXIT_SUCCESS;
}
