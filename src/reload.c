/* reload: see reload.h. */
#include "reload.h"

#include "base/file_room.h"
#include "common/log.h"
#include "daemon/check.h"
#include "daemon/check_log.h"
#include "daemon/closed.h"
#include "startup/check_paths.h"

#include <stdio.h>
#include <string.h>

/* The log tells of a lack of files, each time it is larger than before. */
static void share_files(struct reload *reload)
{
    uint64_t limit = reload->file_limit;
    struct file_room room = file_room_share(limit, reload->settings->clients.peers.client_max,
                                            job_settings_workers_max(&reload->settings->jobs));
    reload->clients->peers.files_max = room.clients;
    reload->workers->unauthenticated_max = room.unauthenticated;
    if (!limit)
        return;
    if (limit < room.wanted && room.wanted > reload->files_wanted)
        log_event(
            LOG_WARN, "few-files", LOG_UINT("limit", limit), LOG_UINT("wanted", room.wanted),
            LOG_UINT("clients", room.clients),
            LOG_STR("hint",
                    "client-max and pool-max may not be reached; raise the limit of open files"));
    reload->files_wanted = room.wanted;
}

void reload_set_file_limit(struct reload *reload, uint64_t limit)
{
    reload->file_limit = limit;
    share_files(reload);
}

void reload_apply(struct reload *reload, struct config *config)
{
    const struct settings *settings = settings_of(config);
    struct config *before = reload->config;
    log_configure(settings->log.level, settings->log.format);
    closed_set(settings->jobs.allow_debug);
    reload->payloads->max = settings->clients.peers.payload_total_max;
    reload->output->max = settings->clients.peers.output_total_max;
    module_table_configure(reload->modules, &settings->modules);
    clients_configure(reload->clients, &settings->clients, &settings->access);
    workers_configure(reload->workers, &settings->workers, &settings->modules, &settings->jobs);
    job_log_configure(reload->job_log, settings->jobs.log_jobs);
    job_slow_configure(reload->slow, settings->jobs.slow_ms);
    reload->shutdown->settings = &settings->shutdown;
    reload->config = config;
    reload->settings = settings;
    share_files(reload);
    config_free(before);
}

void reload_free(struct reload *reload)
{
    config_free(reload->config);
    reload->config = NULL;
}

/* --- the outcome, for the log and for clients --- */

static void note_in_log(struct reload_changes *changes, const char *key)
{
    size_t len = strlen(changes->text);
    snprintf(changes->text + len, sizeof changes->text - len, "%s%s", len ? "," : "", key);
}

/* Keys and names of entries hold nothing to escape. */
static void note_in_list(struct reload_changes *changes, const char *key)
{
    size_t len = strlen(changes->list) - 1; /* without its bracket */
    int needs = snprintf(NULL, 0, "%s\"%s\"]", len > 1 ? "," : "", key);
    if (len + (size_t)needs < sizeof changes->list)
        sprintf(changes->list + len, "%s\"%s\"]", len > 1 ? "," : "", key);
}

static void note_change(const char *key, void *arg)
{
    struct reload_changes *changes = arg;
    changes->count++;
    note_in_log(changes, key);
    note_in_list(changes, key);
}

/* Once a pool could not replace its workers, or all have. */
static void on_decided(void *arg)
{
    struct reload *reload = arg;
    if (!reload->why[0] && pools_are_renewing(reload->pools))
        return;
    reload->undecided = false;
    peers_reloaded(&reload->clients->peers, reload->why[0] ? reload->why : NULL);
}

/* News of a pool. A turn later all pools are looked at: this may be amid the reload itself. */
static void on_renewal(void *arg, const char *why)
{
    struct reload *reload = arg;
    if (!reload->undecided)
        return;
    if (why && !reload->why[0])
        snprintf(reload->why, sizeof reload->why, "%s", why);
    timer_set_next(reload->timers, &reload->decided);
}

void reload_init(struct reload *reload, struct timers *timers)
{
    reload->timers = timers;
    reload->pools->shared.on_renewal = on_renewal;
    reload->pools->shared.renewal_arg = reload;
    timer_init(&reload->decided, on_decided, reload);
}

void reload_end(struct reload *reload)
{
    on_renewal(reload, "the server is shutting down");
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
    struct reload_fault *fault = arg;
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
static bool move_log(const struct reload *reload, const struct daemon_check *check,
                     const struct log_settings *log)
{
    if (is_same_text(log->file, reload->settings->log.file))
        return true;
    if (log->file)
        return daemon_open_log(check, log, reload->identity);
    log_open();
    return true;
}

/* Looks at the machine. The log moves last, for the settings are in force then. Returns false after
 * a fault. */
static bool take_machine(struct reload *reload, const struct config *config)
{
    const struct settings *settings = settings_of(config);
    const struct daemon_check check = {.config = config,
                                       .tell = say_finding,
                                       .arg = &reload->fault,
                                       .place = &reload->fault.place};
    if (!startup_check_paths(&check, settings->workers.path, settings->modules.dir,
                             reload->identity))
        return false;
    daemon_check_tokens(&check, &settings->access);
    return move_log(reload, &check, &settings->log);
}

/* NULL after a fault. */
static struct config *load_again(struct reload *reload)
{
    char error[RELOAD_FAULT_MAX];
    reload->fault = (struct reload_fault){.text = ""};
    struct config *config = config_reload(reload->config, reload->args, say_fixed, NULL,
                                          &reload->fault.place, error, sizeof error);
    if (!config)
        say_finding(&reload->fault, FINDING_FAULT, error);
    if (config && take_machine(reload, config))
        return config;
    config_free(config);
    return NULL;
}

static void put_in_force(struct reload *reload, struct config *config)
{
    reload->changes = (struct reload_changes){.list = "[]"};
    config_changes(reload->config, config, note_change, &reload->changes);
    reload_apply(reload, config);
    timer_clear(reload->timers, &reload->decided);
    reload->undecided = true;
    reload->why[0] = '\0';
    pools_configure(reload->pools, &reload->settings->jobs, true);
}

bool reload_run(struct reload *reload)
{
    const struct reload_changes *changes = &reload->changes;
    struct config *config = load_again(reload);
    if (!config)
        return false;
    put_in_force(reload, config);
    log_event(LOG_INFO, "reload", LOG_STR("file", reload->args->file ? reload->args->file : "-"),
              LOG_STR("changed", changes->count ? changes->text : NULL),
              LOG_UINT("workers", pools_workers(reload->pools)));
    return true;
}

struct fault_place reload_fault_place(const struct reload_fault *fault)
{
    const struct config_place *place = &fault->place;
    return (struct fault_place){
        .file = place->file, .line = place->line, .key = place->key[0] ? place->key : NULL};
}

bool reload_for_client(struct reload *reload, struct control_reload *told)
{
    *told = (struct control_reload){.fault = NULL};
    if (reload_run(reload)) {
        told->changed = reload->changes.list;
        told->changed_count = reload->changes.count;
        return true;
    }
    told->fault = reload->fault.text;
    told->place = reload_fault_place(&reload->fault);
    return false;
}
