/* commands: see commands.h. */
#include "commands.h"

#include <stddef.h>
#include <string.h>

const struct command *const commands[] = {
    &cmd_run,     &cmd_submit,   &cmd_wait,     &cmd_retry,   &cmd_forget,         &cmd_status,
    &cmd_jobs,    &cmd_peek,     &cmd_monitor,  &cmd_watch,   &cmd_cancel,         &cmd_kill,
    &cmd_ping,    &cmd_stats,    &cmd_pools,    &cmd_workers, &cmd_modules,        &cmd_nodes,
    &cmd_clients, &cmd_services, &cmd_register, &cmd_crash,   &cmd_crashes,        &cmd_pause,
    &cmd_resume,  &cmd_resize,   &cmd_recycle,  &cmd_reload,  &cmd_reopen,         &cmd_log_level,
    &cmd_backup,  &cmd_drain,    &cmd_top,      &cmd_doctor,  &cmd_support_bundle, &cmd_help,
    NULL,
};

const struct command *commands_find(const char *name)
{
    const struct command *const *row = commands;
    while (*row && strcmp((*row)->name, name) != 0)
        row++;
    return *row;
}
