/* arguments: the command line and the environment, as settings. Above options and commands. */
#ifndef TASKMASTER_CLIENT_CLI_ARGUMENTS_H
#define TASKMASTER_CLIENT_CLI_ARGUMENTS_H

#include "command.h"

struct arguments {
    struct settings settings;
    const struct command *command; /* NULL: none given */
    bool help, version;            /* asked for; the rest was not checked then */
    uint64_t given;                /* a bit for each option given, by its row */
};

/* Makes the settings of an empty command line, with room for the arguments. Free with
 * arguments_free(). */
void arguments_init(struct arguments *arguments, int argc);

/* Returns 0, or -1 after a complaint. Changes the order of argv. Free with arguments_free(), also
 * after a failure. */
int arguments_parse(struct arguments *arguments, int argc, char **argv);

/* Sets the server: that of the option, or else of the environment, or else the usual one. `command`
 * may be NULL. */
void arguments_choose_server(struct settings *settings, const struct command *command);

void arguments_free(struct arguments *arguments);

#endif
