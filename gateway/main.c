/* main: taskmaster-http as a program: its options, its checks before the start. */
#include "daemon/program.h"
#include "gateway/all_settings.h"
#include "gateway/checks.h"
#include "gateway/gateway.h"

static const char usage[] =
    "usage: taskmaster-http [-c FILE] [-t | -T] [--KEY=VALUE ...]\n"
    "\n"
    "  -c FILE      read settings from FILE (JSON); without it the defaults are in force\n"
    "  -t           check the settings, and end\n"
    "  -T           print the settings in force as JSON, and end\n"
    "  --KEY=VALUE  set one key; wins over the file\n"
    "  --print-conf print a configuration file with each key as a comment\n"
    "  --help       print this and every key\n"
    "  --version    print the version\n";

static const struct daemon_program program = {
    .schema = &gateway_schema,
    .usage = usage,
    .checks = &gateway_checks,
    .run = gateway_run,
};

int main(int argc, char **argv)
{
    return daemon_program_main(&program, argc, argv);
}
