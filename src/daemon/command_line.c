/*
 * command_line: see command_line.h.
 *
 * Options are the hyphenated keys of a schema; getopt cannot take them from there. The few others
 * are quickly told apart.
 */
#include "daemon/command_line.h"

#include "common/xmalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* One reading of arguments. */
struct reading {
    struct command_line *line;
    const struct config_schema *schema;
    const struct daemon_options *options;
    char **argv;
    int argc, at;
};

__attribute__((format(printf, 2, 3))) static _Noreturn void usage_error(
    const struct reading *reading, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "%s: ", reading->schema->program);
    vfprintf(stderr, fmt, args);
    fputs(" (try --help)\n", stderr);
    va_end(args);
    exit(EX_USAGE);
}

/* "KEY=VALUE" of an argument --KEY=VALUE. Any other argument ends the process. */
static char *setting_of(const struct reading *reading, char *arg)
{
    char key[64] = "";
    struct config_key found;
    const char *equals = strchr(arg, '=');
    size_t len = strcspn(arg, "=");
    if (strncmp(arg, "--", 2) != 0 || !arg[2])
        usage_error(reading, "%s is not an option", arg);
    memcpy(key, arg + 2, len - 2 < sizeof key ? len - 2 : sizeof key - 1);
    if (!config_schema_find(reading->schema, key, &found)) {
        const char *near = config_schema_nearest(reading->schema, key);
        usage_error(reading, "--%s is not a key%s%s%s", key, near ? ", did you mean --" : "",
                    near ? near : "", near ? "?" : "");
    }
    if (!equals)
        usage_error(reading, "--%s needs a value: --%s=VALUE", key, key);
    return arg + 2;
}

static const char *option_of(const struct reading *reading, enum daemon_action action)
{
    return action == DAEMON_CHECK ? "-t" : action == DAEMON_PRINT ? "-T" : reading->options->own;
}

/* Each of these ends the process: a second one would have no effect. */
static void take_action(struct reading *reading, enum daemon_action action)
{
    enum daemon_action before = reading->line->action;
    if (before != DAEMON_RUN && before != action)
        usage_error(reading, "found both %s and %s, expected one of them",
                    option_of(reading, before < action ? before : action),
                    option_of(reading, before < action ? action : before));
    reading->line->action = action;
}

static void take_file(struct reading *reading)
{
    if (reading->at + 1 == reading->argc)
        usage_error(reading, "-c needs the name of a file");
    reading->line->args.file = reading->argv[++reading->at];
}

/* True for an option that has no other beside it. */
static bool is_question(const char *arg, enum daemon_action *action)
{
    static const struct {
        const char *option;
        enum daemon_action action;
    } questions[] = {{"--help", DAEMON_HELP},           {"-h", DAEMON_HELP},
                     {"--version", DAEMON_VERSION},     {"-V", DAEMON_VERSION},
                     {"--print-manual", DAEMON_MANUAL}, {"--print-conf", DAEMON_CONF}};
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (strcmp(arg, questions[i].option) == 0) {
            *action = questions[i].action;
            return true;
        }
    return false;
}

static bool is_same(const char *arg, const char *option)
{
    return option && strcmp(arg, option) == 0;
}

static void take(struct reading *reading, char *arg)
{
    struct config_args *args = &reading->line->args;
    if (strcmp(arg, "-c") == 0)
        take_file(reading);
    else if (strcmp(arg, "-t") == 0)
        take_action(reading, DAEMON_CHECK);
    else if (strcmp(arg, "-T") == 0)
        take_action(reading, DAEMON_PRINT);
    else if (is_same(arg, reading->options->own))
        take_action(reading, DAEMON_OWN);
    else if (is_same(arg, reading->options->with_check))
        reading->line->with_check = true;
    else
        args->overrides[args->override_count++] = setting_of(reading, arg);
}

void command_line_read(struct command_line *line, const struct config_schema *schema,
                       const struct daemon_options *options, int argc, char **argv)
{
    *line = (struct command_line){.args.program = argv[0]};
    line->args.overrides = xcalloc((size_t)argc, sizeof *line->args.overrides);
    struct reading reading = {line, schema, options, argv, argc, .at = 1};
    for (; reading.at < argc; reading.at++) {
        if (is_question(argv[reading.at], &line->action))
            return;
        take(&reading, argv[reading.at]);
    }
    if (line->with_check && line->action != DAEMON_CHECK)
        usage_error(&reading, "found %s without -t, which it belongs to", options->with_check);
}

void command_line_free(struct command_line *line)
{
    free(line->args.overrides);
}
