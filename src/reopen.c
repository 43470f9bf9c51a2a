/* reopen: see reopen.h. */
#include "reopen.h"

#include "common/log.h"
#include "daemon/check_log.h"

#include <stdio.h>

static void note(void *arg, enum finding finding, const char *text)
{
    struct reload_fault *fault = arg;
    if (finding == FINDING_FAULT)
        snprintf(fault->text, sizeof fault->text, "%s", text);
}

void reopen_run(const struct reload *reload, struct control_reopen *told)
{
    static struct reload_fault fault;
    const struct log_settings *log = &reload->settings->log;
    const struct daemon_check check = {
        .config = reload->config, .tell = note, .arg = &fault, .place = &fault.place};
    *told = (struct control_reopen){.file = log->file};
    if (daemon_open_log(&check, log, reload->identity))
        return;
    told->fault = fault.text;
    told->place = reload_fault_place(&fault);
}

void reopen_say(const struct control_reopen *told, const char *who)
{
    if (told->fault)
        log_event(LOG_ERROR, "reopen-failed", LOG_STR("why", told->fault), LOG_STR("by", who),
                  LOG_STR("hint", "the log stays in the old file"));
    else if (told->file)
        log_event(LOG_INFO, "reopen", LOG_STR("file", told->file), LOG_STR("by", who));
    else
        log_event(LOG_INFO, "reopen-ignored", LOG_STR("why", "log-file is not set"),
                  LOG_STR("by", who));
}
