/* reopen: see reopen.h. */
#include "daemon/reopen.h"

#include "common/log.h"
#include "daemon/check_log.h"

#include <stdio.h>

static void note(void *arg, enum finding finding, const char *text)
{
    struct reread_fault *fault = arg;
    if (finding == FINDING_FAULT)
        snprintf(fault->text, sizeof fault->text, "%s", text);
}

void reopen_run(const struct reread *reread, struct control_reopen *told)
{
    static struct reread_fault fault;
    const struct log_settings *log = reread->checks->settings(reread->config).log;
    const struct daemon_check check = {
        .config = reread->config, .tell = note, .arg = &fault, .place = &fault.place};
    *told = (struct control_reopen){.file = log->file};
    if (daemon_open_log(&check, log, &reread->start->identity))
        return;
    told->fault = fault.text;
    told->place = reread_fault_place(&fault);
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
