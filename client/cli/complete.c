/* complete: see complete.h. */
#include "complete.h"

#include "arguments.h"
#include "commands.h"
#include "complete_names.h"
#include "exit_status.h"
#include "options.h"
#include "overtime.h"

#include <stdio.h>
#include <string.h>

/* The time for the server without --timeout: somebody waits behind the Tab key. */
enum { ANSWER_MS = 1000 };

/* A command line up to its last word. */
struct line {
    struct settings *settings;
    const struct command *command;   /* NULL: none yet */
    const struct option_row *option; /* its value is the last word; NULL: none */
    int arguments;                   /* behind the command's name */
};

static const struct option_row *find_option(const char *word, size_t len)
{
    for (const struct option_row *row = options; row->name; row++)
        if (strlen(row->name) == len && strncmp(row->name, word, len) == 0)
            return row;
    return NULL;
}

/* Only the way to the server counts, and the time for it. */
static void set_option(struct line *line, const struct option_row *row, const char *value)
{
    static const char *const names[] = {"server", "queue", "token-file", "timeout"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(row->name, names[i]) == 0)
            row->set(line->settings, value);
}

/* An option's value may be a word of its own. */
static void read_option(struct line *line, const char *word)
{
    size_t len = strcspn(word + 2, "=");
    const struct option_row *row = find_option(word + 2, len);
    if (row && row->argument && word[2 + len] == '=')
        set_option(line, row, word + 2 + len + 1);
    else if (row && row->argument)
        line->option = row;
    else if (row)
        set_option(line, row, NULL);
}

static void read_word(struct line *line, const char *word)
{
    if (line->option) {
        set_option(line, line->option, word);
        line->option = NULL;
    } else if (strncmp(word, "--", 2) == 0) {
        read_option(line, word);
    } else if (line->command) {
        line->arguments++;
    } else {
        line->command = commands_find(word);
    }
}

/* Prints the name if it begins like the word. A server's name must not be more than a name to the
 * shell. */
static void offer(const char *name, void *word)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    if (strncmp(name, word, strlen(word)) == 0 && name[strspn(name, allowed)] == '\0')
        puts(name);
}

static void offer_options(const struct line *line, char *word)
{
    char name[64];
    unsigned kind = line->command ? line->command->kind : COMMAND_ANY;
    for (const struct option_row *row = options; row->name; row++) {
        snprintf(name, sizeof name, "--%s", row->name);
        if (row->kinds & kind)
            offer(name, word);
    }
    offer("--help", word);
    if (!line->command)
        offer("--version", word);
}

static void offer_commands(char *word)
{
    for (const struct command *const *row = commands; *row; row++)
        offer((*row)->name, word);
}

/* A queue pauses modules. */
static enum value_kind argument_kind(const struct line *line)
{
    enum value_kind kind = line->command->completes;
    return kind == VALUE_POOL && line->settings->queue ? VALUE_MODULE : kind;
}

int complete(struct settings *settings, int count, char **words)
{
    char *word = count > 0 ? words[count - 1] : "";
    struct line line = {.settings = settings};
    for (int i = 0; i + 1 < count; i++)
        read_word(&line, words[i]);
    arguments_choose_server(settings, line.command);
    if (!settings->has_deadline)
        settings->deadline = tmc_deadline_in(ANSWER_MS);
    overtime_start(settings->deadline);
    if (line.option)
        complete_names(settings, line.option->completes, offer, word);
    else if (*word == '-')
        offer_options(&line, word);
    else if (!line.command || (line.command->completes == VALUE_COMMAND && line.arguments == 0))
        offer_commands(word);
    else if (line.arguments == 0)
        complete_names(settings, argument_kind(&line), offer, word);
    return EXIT_DONE;
}
