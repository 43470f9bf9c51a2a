/* reread: see reread.h. */
#include "daemon/reread.h"

#include "daemon/check_log.h"
#include "daemon/check_sockets.h"

#include <stdio.h>
#include <string.h>

/* --- changes, for the log and for clients --- */

static void note_in_log(struct reread_changes *changes, const char *key)
{
    size_t len = strlen(changes->text);
    snprintf(changes->text + len, sizeof changes->text - len, "%s%s", len ? "," : "", key);
}

/* Keys and names of entries hold nothing to escape. */
static void note_in_list(struct reread_changes *changes, const char *key)
{
    size_t len = strlen(changes->list) - 1; /* without its bracket */
    int needs = snprintf(NULL, 0, "%s\"%s\"]", len > 1 ? "," : "", key);
    if (len + (size_t)needs < sizeof changes->list)
        sprintf(changes->list + len, "%s\"%s\"]", len > 1 ? "," : "", key);
}

static void note_change(const char *key, void *arg)
{
    struct reread_changes *changes = arg;
    changes->count++;
    note_in_log(changes, key);
    note_in_list(changes, key);
}

/* --- reading the settings --- */

static void say_fixed(const char *key, void *arg)
{
    (void)arg;
    log_event(LOG_WARN, "reload-ignored", LOG_STR("key", key),
              LOG_STR("why", "a change of this setting needs a restart"));
}

static void say_finding(void *arg, enum finding finding, const char *text)
{
    struct reread_fault *fault = arg;
    if (finding == FINDING_FAULT) {
        snprintf(fault->text, sizeof fault->text, "%s", text);
        log_event(LOG_ERROR, "reload-failed", LOG_STR("why", text),
                  LOG_STR("hint", "the settings from before stay in force"));
    } else {
        log_event(LOG_WARN, "settings", LOG_STR("why", text));
    }
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Lets the log go to its new file, if it has another one. Returns false after a fault. */
static bool move_log(const struct reread *reread, const struct daemon_check *check,
                     const struct log_settings *log)
{
    if (is_same_text(log->file, reread->checks->settings(reread->config).log->file))
        return true;
    if (log->file)
        return daemon_open_log(check, log, &reread->start->identity);
    log_open();
    return true;
}

/* Looks at the machine. The log moves last, for the settings are in force then. Returns false after
 * a fault. */
static bool take_machine(struct reread *reread, const struct config *config)
{
    const struct start_checks *checks = reread->checks;
    const struct daemon_settings settings = checks->settings(config);
    const struct daemon_check check = {.config = config,
                                       .tell = say_finding,
                                       .arg = &reread->fault,
                                       .place = &reread->fault.place};
    if (checks->paths && !checks->paths(&check, &reread->start->identity))
        return false;
    if (!daemon_check_sockets(&check, checks, &reread->start->sockets))
        return false;
    daemon_check_tokens(&check, settings.access);
    return move_log(reread, &check, settings.log);
}

struct config *reread_load(struct reread *reread)
{
    char error[REREAD_FAULT_MAX];
    reread->fault = (struct reread_fault){.text = ""};
    struct config *config = config_reload(reread->config, reread->args, say_fixed, NULL,
                                          &reread->fault.place, error, sizeof error);
    if (!config)
        say_finding(&reread->fault, FINDING_FAULT, error);
    if (config && take_machine(reread, config))
        return config;
    config_free(config);
    return NULL;
}

struct config *reread_swap(struct reread *reread, struct config *config)
{
    struct config *before = reread->config;
    reread->changes = (struct reread_changes){.list = "[]"};
    if (before)
        config_changes(before, config, note_change, &reread->changes);
    reread->config = config;
    return before;
}

/* --- the outcome --- */

struct fault_place reread_fault_place(const struct reread_fault *fault)
{
    const struct config_place *place = &fault->place;
    return (struct fault_place){
        .file = place->file, .line = place->line, .key = place->key[0] ? place->key : NULL};
}

void reread_tell(const struct reread *reread, bool done, struct control_reload *told)
{
    *told = (struct control_reload){.fault = NULL};
    if (done) {
        told->changed = reread->changes.list;
        told->changed_count = reread->changes.count;
    } else {
        told->fault = reread->fault.text;
        told->place = reread_fault_place(&reread->fault);
    }
}
