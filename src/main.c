/* main: taskmasterd as a program: its options. */
#include "all_settings.h"
#include "checks.h"
#include "daemon/program.h"
#include "master.h"

static const char usage[] =
    "usage: taskmasterd [-c FILE] [-t [--init] | -T] [--KEY=VALUE ...]\n"
    "\n"
    "  -c FILE      read settings from FILE (JSON); without it the defaults are in force\n"
    "  -t           check the settings, load every module once, and end\n"
    "  --init       with -t: call init() of the modules in the settings, too\n"
    "  -T           print the settings in force as JSON, and end\n"
    "  --KEY=VALUE  set one key; wins over the file\n"
    "  --print-conf print a configuration file with each key as a comment\n"
    "  --help       print this and every key\n"
    "  --version    print the version\n";

static const struct daemon_program program = {
    .schema = &settings_schema,
    .usage = usage,
    .options = {.with_check = "--init"},
    .checks = &master_checks,
    .run = master_run,
};

int main(int argc, char **argv)
{
    return daemon_program_main(&program, argc, argv);
}
