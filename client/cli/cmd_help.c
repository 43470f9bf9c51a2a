/* cmd_help: help, as --help. */
#include "command.h"
#include "commands.h"
#include "complain.h"
#include "exit_status.h"
#include "help.h"

static int run(const struct settings *settings)
{
    const struct command *command =
        settings->arg_count > 0 ? commands_find(settings->args[0]) : NULL;
    if (settings->arg_count > 0 && !command) {
        complain("there is no command '%.64s'", settings->args[0]);
        help_hint(NULL);
        return EXIT_BAD_USAGE;
    }
    help_print(command);
    return EXIT_DONE;
}

const struct command cmd_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .arg_max = 1,
    .completes = VALUE_COMMAND,
    .kind = COMMAND_HELP,
    .run = run,
    .summary = "describe a command",
    .help = "Prints a summary of all commands, or of COMMAND, as --help does.\n",
};
