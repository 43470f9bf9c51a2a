/* main: the `taskmaster` command. command.h has a picture of its files. */
#include "arguments.h"
#include "commands.h"
#include "complain.h"
#include "complete.h"
#include "exit_status.h"
#include "help.h"
#include "overtime.h"

#include "taskmaster/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A newly opened file takes the number of a closed descriptor. As number 0, 1 or 2 the connection
 * would be read as input, or diagnostics sent to the server. So open /dev/null at such a number, in
 * the wrong direction: use still fails as on a closed descriptor. Returns 0, or an exit status. */
static int occupy_closed(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        int taken = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (taken < 0) {
            complain("cannot open /dev/null in the place of descriptor %d, which is closed: %s", fd,
                     strerror(errno));
            return EXIT_JOB_FAILED;
        }
    }
    return 0;
}

/* The command help: of the command in its argument, or of all. */
static int run_help(const struct settings *settings)
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

static int run(const struct arguments *arguments)
{
    if (arguments->help) {
        help_print(arguments->command);
        return EXIT_DONE;
    }
    if (arguments->version) {
        printf("taskmaster %s\n", tm_client_version());
        return EXIT_DONE;
    }
    if (!arguments->command->run)
        return run_help(&arguments->settings);
    overtime_start(arguments->settings.deadline);
    return arguments->command->run(&arguments->settings);
}

static int flush(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    complain("cannot write: %s", strerror(errno));
    return status == EXIT_DONE ? EXIT_JOB_FAILED : status;
}

static int run_complete(int argc, char **argv)
{
    struct arguments arguments;
    arguments_init(&arguments, argc);
    int status = complete(&arguments.settings, argc - 2, argv + 2);
    arguments_free(&arguments);
    return flush(status);
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    int status = occupy_closed();
    if (status)
        return status;
    if (argc > 1 && strcmp(argv[1], COMPLETE_OPTION) == 0)
        return run_complete(argc, argv);
    if (arguments_parse(&arguments, argc, argv) == 0) {
        status = run(&arguments);
    } else {
        help_hint(arguments.command);
        status = EXIT_BAD_USAGE;
    }
    arguments_free(&arguments);
    return flush(status);
}
