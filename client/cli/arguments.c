/* arguments: see arguments.h. */
#include "arguments.h"

#include "allocate.h"
#include "commands.h"
#include "complain.h"
#include "options.h"
#include "places.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_HELP = 'h',
    OPTION_VERSION = 'V',
    OPTION_POSITIONAL = 1, /* getopt's word for an argument, due to the leading '-' below */
    OPTION_ROW = 256,      /* the first row of the table */
};

static void make_long_options(struct option *long_options)
{
    int count = 0;
    for (const struct option_row *row = options; row->name; row++, count++)
        long_options[count] = (struct option){
            .name = row->name,
            .has_arg = row->argument ? required_argument : no_argument,
            .val = OPTION_ROW + count,
        };
    long_options[count++] = (struct option){.name = "help", .val = OPTION_HELP};
    long_options[count++] = (struct option){.name = "version", .val = OPTION_VERSION};
    long_options[count] = (struct option){0};
}

/* The first argument is the command. The others go to `args`, in order. */
static int take_argument(struct arguments *arguments, char *argument)
{
    if (arguments->command) {
        arguments->settings.args[arguments->settings.arg_count++] = argument;
        return 0;
    }
    arguments->command = commands_find(argument);
    if (arguments->command)
        return 0;
    complain("there is no command '%s'", argument);
    return -1;
}

/* Options with a letter, too. */
static const struct {
    int letter;
    const char *name;
} letters[] = {{'1', "once"}, {'0', "null"}};

/* Returns the option as of its long name; another option stays as it is. */
static int by_letter(int option)
{
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        for (int row = 0; letters[i].letter == option && options[row].name; row++)
            if (strcmp(options[row].name, letters[i].name) == 0)
                return OPTION_ROW + row;
    return option;
}

static int take_option(struct arguments *arguments, int option)
{
    option = by_letter(option);
    if (option == OPTION_POSITIONAL)
        return take_argument(arguments, optarg);
    if (option == OPTION_HELP || option == OPTION_VERSION) {
        *(option == OPTION_HELP ? &arguments->help : &arguments->version) = true;
        return 0;
    }
    if (option < OPTION_ROW)
        return -1; /* getopt has complained */
    arguments->given |= UINT64_C(1) << (option - OPTION_ROW);
    return options[option - OPTION_ROW].set(&arguments->settings, optarg);
}

static int parse(struct arguments *arguments, int argc, char **argv)
{
    struct option long_options[OPTIONS_MAX + 3];
    int option;
    make_long_options(long_options);
    while ((option = getopt_long(argc, argv, "-hV10", long_options, NULL)) != -1)
        if (take_option(arguments, option) < 0)
            return -1;
    for (; optind < argc; optind++)
        if (take_argument(arguments, argv[optind]) < 0)
            return -1;
    return 0;
}

static int check_options(const struct arguments *arguments)
{
    const struct command *command = arguments->command;
    for (int i = 0; options[i].name; i++)
        if (arguments->given >> i & 1 && !(options[i].kinds & command->kind)) {
            complain("%s takes no --%s", command->name, options[i].name);
            return -1;
        }
    return 0;
}

static int check_count(const struct arguments *arguments)
{
    const struct command *command = arguments->command;
    int count = arguments->settings.arg_count;
    if (count >= command->arg_min && count <= command->arg_max)
        return 0;
    complain("%s takes %s, not %d argument%s", command->name,
             *command->arguments ? command->arguments : "no argument", count,
             count == 1 ? "" : "s");
    return -1;
}

/* Checks the arguments together; each alone is fine. */
static int check(const struct arguments *arguments)
{
    if (!arguments->command) {
        complain("a command is missing");
        return -1;
    }
    if (check_options(arguments) < 0 || check_count(arguments) < 0)
        return -1;
    return arguments->command->check ? arguments->command->check(&arguments->settings) : 0;
}

void arguments_init(struct arguments *arguments, int argc)
{
    *arguments = (struct arguments){
        .settings =
            {
                .token_file = places_variable("TASKMASTER_TOKEN_FILE"),
                .deadline = TMC_DEADLINE_NEVER,
                .size = {.pool_start = -1, .pool_max = -1, .job_max = -1},
                .args = allocate(NULL, ((size_t)argc + 1) * sizeof(char *)),
                .wishes = allocate(NULL, ((size_t)argc + 1) * sizeof(struct wish)),
            },
    };
}

int arguments_parse(struct arguments *arguments, int argc, char **argv)
{
    static char program[] = "taskmaster"; /* the name in complaints of getopt */
    arguments_init(arguments, argc);
    if (argc > 0)
        argv[0] = program;
    if (parse(arguments, argc, argv) < 0)
        return -1;
    arguments_choose_server(&arguments->settings, arguments->command);
    return arguments->help || arguments->version ? 0 : check(arguments);
}

void arguments_choose_server(struct settings *settings, const struct command *command)
{
    if (command && command->kind & COMMAND_QUEUE)
        settings->queue = true;
    settings->server_given = settings->server != NULL;
    if (settings->server)
        return;
    settings->server = settings->queue ? places_queue() : places_server();
}

void arguments_free(struct arguments *arguments)
{
    free(arguments->settings.args);
    free(arguments->settings.wishes);
}
