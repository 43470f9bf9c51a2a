/*
 * command: the commands of `taskmaster`.
 *
 *     main -> arguments, help -> commands -> cmd_run, cmd_submit, cmd_cancel, cmd_crash, cmd_jobs,
 *       |                     |              cmd_keep, cmd_lists, cmd_monitor, cmd_nodes,
 *       |                     |              cmd_operate, cmd_ping, cmd_pool, cmd_stats,
 *       |                     |              cmd_top, cmd_wait
 *       |                     '-> options -> options_keep -> option_number
 *       |-> complete -> complete_names -> connect
 *       '-> overtime
 *     cmd_* -> fields -> ask -> connect -> token
 *           -> submission -> fields
 *           -> run_job -> payload, job_progress, submission;  pages, shown, event_line
 *           -> each -> each_results -> each_records;  each_pace, lines
 *           -> report -> report_json;  output -> sink;  crash_report
 *           -> crash_report -> crash_code;  symbols -> object_file
 *           -> event_command, event_line
 *           -> interrupt, progress, table, units
 *     cmd_doctor -> doctor_all -> doctor_ask -> ask, connect;  client/doctor/
 *                              -> doctor_here -> client/doctor/, client/local/
 *     cmd_bundle -> doctor_all;  bundle_ask, bundle_here -> bundle -> client/bundle/
 *     cmd_top -> top_figures -> ask, connect
 *             -> top_terminal -> top_screen -> top_summary, top_layout, top_view
 *             -> top_view -> top_keys;  top_model -> top_queue, top_columns -> units
 *     arguments, help, doctor_all, cmd_bundle -> places
 *     all -> allocate -> complain;  settings, exit_status;  taskmaster/client.h
 *
 * The command knows the server through client.h alone. It is a program and not a library: without
 * memory it ends, with a message.
 *
 * To add a command: a file cmd_NAME.c with its struct command; its declaration below; its row in
 * commands.c. To add an option: its member in settings.h, and its row in options.c.
 */
#ifndef TASKMASTER_CLIENT_CLI_COMMAND_H
#define TASKMASTER_CLIENT_CLI_COMMAND_H

#include "settings.h"
#include "value.h"

/* The kinds of a command, ored, decide on its options (options.c). */
enum command_kind {
    COMMAND_RUN = 1 << 0,
    COMMAND_JOB = 1 << 1,    /* names a job */
    COMMAND_SERVER = 1 << 2, /* asks the server about itself */
    COMMAND_PING = 1 << 3,
    COMMAND_CRASHES = 1 << 4,
    COMMAND_WORKER = 1 << 5, /* may name a worker */
    COMMAND_RESIZE = 1 << 6,
    COMMAND_DRAIN = 1 << 7,
    COMMAND_SUBMIT = 1 << 8,
    COMMAND_JOBS = 1 << 9,
    COMMAND_SELECT = 1 << 10, /* may select jobs */
    COMMAND_CLIENTS = 1 << 11,
    COMMAND_MONITOR = 1 << 12,
    COMMAND_WATCH = 1 << 13,
    COMMAND_HELP = 1 << 14,
    COMMAND_TOP = 1 << 15,
    COMMAND_REGISTER = 1 << 16,
    COMMAND_QUEUE = 1 << 17, /* asks taskqueued */
    COMMAND_RETRY = 1 << 18,
    COMMAND_WAIT = 1 << 19,
    COMMAND_DOCTOR = 1 << 20,
    COMMAND_ANY = (1 << 30) - 1,
};

struct command {
    const char *name;
    const char *arguments; /* for people; "": none */
    int arg_min, arg_max;
    enum value_kind completes; /* the first argument */
    enum command_kind kind;
    /* Checks the arguments together; each alone is fine. Returns 0, or -1 after a complaint. NULL:
     * nothing to check. */
    int (*check)(const struct settings *settings);
    int (*run)(const struct settings *settings); /* returns the exit status; NULL: see cmd_help.c */
    const char *summary;
    const char *help;
};

extern const struct command cmd_top, cmd_run, cmd_submit, cmd_wait, cmd_forget, cmd_retry,
    cmd_backup, cmd_status, cmd_jobs, cmd_peek, cmd_monitor, cmd_watch, cmd_register, cmd_clients,
    cmd_services, cmd_modules, cmd_nodes, cmd_help, cmd_cancel, cmd_kill, cmd_ping, cmd_stats,
    cmd_pools, cmd_workers, cmd_crash, cmd_crashes, cmd_pause, cmd_resume, cmd_resize, cmd_recycle,
    cmd_reload, cmd_reopen, cmd_drain, cmd_log_level, cmd_doctor, cmd_support_bundle;

#endif
