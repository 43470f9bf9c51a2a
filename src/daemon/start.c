/* start: see start.h. */
#include "daemon/start.h"

#include "common/log.h"
#include "daemon/check_log.h"
#include "daemon/check_sockets.h"

#include <stdio.h>
#include <sysexits.h>

/* A fault ends the start and is for the terminal, a warning is for the log. */
static void say_at_start(void *arg, enum finding finding, const char *text)
{
    if (finding == FINDING_FAULT)
        fprintf(stderr, "%s: %s\n", *(const char **)arg, text);
    else
        log_event(LOG_WARN, "settings", LOG_STR("why", text));
}

static void say_at_trial(void *arg, enum finding finding, const char *text)
{
    fprintf(stderr, "%s: %s%s\n", *(const char **)arg,
            finding == FINDING_WARNING ? "warning: " : "", text);
}

static bool are_paths_there(const struct start_checks *checks, const struct daemon_check *check,
                            const struct identity *identity)
{
    return !checks->paths || checks->paths(check, identity);
}

/* Warnings at most. */
static void check_comfort(const struct start_checks *checks, const struct daemon_check *check,
                          const struct config_args *args, const struct identity *identity)
{
    const struct access_settings *access = checks->settings(check->config).access;
    daemon_check_reload(check, args->file, access, identity);
    daemon_check_tokens(check, access);
    if (checks->warn)
        checks->warn(check, identity);
}

static bool take_sockets(const struct daemon_check *check, const struct start_checks *checks,
                         struct activation *sockets)
{
    char fault[ACTIVATION_FAULT_MAX];
    if (activation_take(sockets, checks->sockets, fault) == 0)
        return daemon_check_sockets(check, checks, sockets);
    check->tell(check->arg, FINDING_FAULT, fault);
    return false;
}

int start_check(const struct config *config, const struct config_args *args,
                const struct start_checks *checks, struct daemon_start *start)
{
    const struct daemon_settings settings = checks->settings(config);
    const char *program = checks->program;
    const struct daemon_check check = {.config = config, .tell = say_at_start, .arg = &program};
    struct identity *identity = &start->identity;
    if (!take_sockets(&check, checks, &start->sockets))
        return EX_CONFIG;
    if (!daemon_check_identity(&check, settings.identity, identity))
        return EX_CONFIG;
    if (!daemon_check_rights(&check, settings.identity, identity, FINDING_FAULT))
        return EX_NOPERM;
    if (!are_paths_there(checks, &check, identity))
        return EX_CONFIG;
    check_comfort(checks, &check, args, identity);
    return daemon_open_log(&check, settings.log, identity) ? EX_OK : EX_CONFIG;
}

/* Whether the daemon can become its user. Without the right to, the checks go on as the present
 * one. */
static bool find_identity(const struct daemon_check *check,
                          const struct identity_settings *settings, struct identity *identity,
                          bool *able)
{
    bool known = daemon_check_identity(check, settings, identity);
    *able = known && daemon_check_rights(check, settings, identity, FINDING_WARNING);
    if (!*able)
        *identity = (struct identity){.user = ""};
    return known;
}

static int say_verdict(bool fine)
{
    if (fine)
        puts("the settings are fine");
    else
        fputs("the settings are not fine\n", stderr);
    return fine ? EX_OK : EX_CONFIG;
}

int start_trial(const struct config *config, const struct config_args *args,
                const struct start_checks *checks, bool option)
{
    const struct daemon_settings settings = checks->settings(config);
    const char *program = checks->program;
    const struct daemon_check check = {.config = config, .tell = say_at_trial, .arg = &program};
    const struct check_address more =
        checks->address ? checks->address(config) : (struct check_address){NULL, NULL};
    struct identity identity;
    bool able, fine = daemon_check_addresses(&check, settings.listen, &more);
    fine &= find_identity(&check, settings.identity, &identity, &able);
    bool there = are_paths_there(checks, &check, &identity);
    check_comfort(checks, &check, args, &identity);
    fine &=
        daemon_check_log(&check, settings.log, &identity, able ? FINDING_FAULT : FINDING_WARNING);
    if (there && checks->trial)
        fine &= checks->trial(&check, &identity, option);
    return say_verdict(fine && there);
}
