/* checks: see checks.h. */
#include "checks.h"

#include "all_settings.h"
#include "startup/check_limits.h"
#include "startup/check_modules.h"
#include "startup/check_paths.h"

static struct daemon_settings daemon_settings(const struct config *config)
{
    const struct settings *settings = settings_of(config);
    return (struct daemon_settings){.listen = &settings->clients.peers.listen,
                                    .identity = &settings->identity,
                                    .access = &settings->access,
                                    .log = &settings->log};
}

static struct check_address worker_address(const struct config *config)
{
    return (struct check_address){"worker-listen", settings_of(config)->workers.listen};
}

static bool check_paths(const struct daemon_check *check, const struct identity *identity)
{
    const struct settings *settings = settings_of(check->config);
    return startup_check_paths(check, settings->workers.path, settings->modules.dir, identity);
}

static void check_limits(const struct daemon_check *check, const struct identity *identity)
{
    startup_check_limits(check, &settings_of(check->config)->jobs, identity);
}

static bool try_modules(const struct daemon_check *check, struct identity *identity, bool init)
{
    const struct settings *settings = settings_of(check->config);
    const struct module_host host = {.worker_path = settings->workers.path,
                                     .user = settings->identity.user,
                                     .timeout_ms = settings->jobs.start_timeout_ms};
    const struct checked_modules modules = {&settings->modules, &settings->jobs, &host};
    return startup_check_modules(check, &modules, identity, init);
}

const struct start_checks master_checks = {
    .program = "taskmasterd",
    .sockets = "clients",
    .guard = "set token-file or access-file, or set allow-open-listen if something else keeps "
             "strangers away",
    .settings = daemon_settings,
    .address = worker_address,
    .paths = check_paths,
    .warn = check_limits,
    .trial = try_modules,
};
