/* help: see help.h. */
#include "help.h"

#include "commands.h"
#include "options.h"
#include "places.h"

#include <stdio.h>

static void print_options(enum command_kind kind)
{
    printf("\nOptions:\n");
    for (const struct option_row *row = options; row->name; row++) {
        char left[64];
        if (!(row->kinds & kind))
            continue;
        snprintf(left, sizeof left, "--%s%s%s", row->name, row->argument ? " " : "",
                 row->argument ? row->argument : "");
        printf("  %-20s  %s\n", left, row->help);
    }
    printf("  %-20s  this text\n", "-h, --help");
}

static void print_footer(void)
{
    printf("\nEnvironment:\n"
           "  TASKMASTER_SERVER      the server, without --server; default " DEFAULT_SERVER "\n"
           "  TASKMASTER_QUEUE       the taskqueued; default " DEFAULT_QUEUE "\n"
           "  TASKMASTER_HTTP        doctor: the taskmaster-http; default " DEFAULT_HTTP "\n"
           "  TASKMASTER_TOKEN_FILE  the token's file, without --token-file\n"
           "\n"
           "Exit status: 0 done, 1 failed, 64 usage, 69 unreachable, 70 worker lost,\n"
           "75 overload or shutdown, 123 some of many failed, 124 timeout.\n");
}

static void print_command(const struct command *command)
{
    printf("Usage: taskmaster %s [options]%s%s\n\n%s", command->name,
           *command->arguments ? " " : "", command->arguments, command->help);
    print_options(command->kind);
}

static void print_overview(void)
{
    printf("Usage: taskmaster COMMAND [options] [arguments]\n\n"
           "Runs jobs on a taskmasterd, or keeps them in a taskqueued, stops them, and shows\n"
           "their state.\n\nCommands:\n");
    for (const struct command *const *row = commands; *row; row++)
        printf("  %-15s%-18s%s\n", (*row)->name, (*row)->arguments, (*row)->summary);
    print_options(COMMAND_SERVER);
    printf("  %-20s  the release\n", "-V, --version");
    printf("\nSee `taskmaster COMMAND --help` for a command, taskmaster(1) for everything.\n");
}

void help_print(const struct command *command)
{
    if (command)
        print_command(command);
    else
        print_overview();
    print_footer();
}

void help_hint(const struct command *command)
{
    fprintf(stderr, "Try 'taskmaster %s%s--help'.\n", command ? command->name : "",
            command ? " " : "");
}
