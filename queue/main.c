/* main: taskqueued as a program: its options, its checks before the start. */
#include "daemon/program.h"
#include "queue/all_settings.h"
#include "queue/checks.h"
#include "queue/queued.h"
#include "queue/redis/redis_check.h"
#include "queue/store/store_check.h"

#include <stdio.h>
#include <sysexits.h>

static const char usage[] =
    "usage: taskqueued [-c FILE] [-t | -T | --check] [--KEY=VALUE ...]\n"
    "\n"
    "  -c FILE      read settings from FILE (JSON); without it the defaults are in force\n"
    "  -t           check the settings, and end\n"
    "  -T           print the settings in force as JSON, and end\n"
    "  --check      check the store, print what is in it, and end\n"
    "  --KEY=VALUE  set one key; wins over the file\n"
    "  --print-conf print a configuration file with each key as a comment\n"
    "  --help       print this and every key\n"
    "  --version    print the version\n";

static int check_store(const struct config *config)
{
    static const int statuses[] = {
        [STORE_SOUND] = EX_OK, [STORE_BROKEN] = EX_DATAERR, [STORE_UNOPENED] = EX_UNAVAILABLE};
    const struct queue_settings *settings = queue_settings_of(config);
    return statuses[settings->store.engine == STORE_ENGINE_REDIS
                        ? redis_check(&settings->redis, stdout)
                        : store_check(&settings->store, stdout)];
}

static const struct daemon_program program = {
    .schema = &queue_schema,
    .usage = usage,
    .options = {.own = "--check"},
    .checks = &queue_checks,
    .run = queued_run,
    .own = check_store,
};

int main(int argc, char **argv)
{
    return daemon_program_main(&program, argc, argv);
}
