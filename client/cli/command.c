/* command: see command.h. Two tables, of subcommands and of options, from which parsing, usage
 * errors and every --help come. */
#include "command.h"

#include "client/lib/clean.h"
#include "client/lib/deadline.h"
#include "overtime.h"
#include "report.h"
#include "sink.h"
#include "token.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_SERVER "127.0.0.1:7741"

enum {
    JOBS_MAX = 4096,
    WAIT_MAX_MS = 600000,
    RETRY_MS = 20, /* soon after a server is there, and a load that nobody sees */
};

/* ---- diagnostics ---- */

static void say(const char *prefix, const char *fmt, va_list args)
{
    char text[2048 + 1];
    vsnprintf(text, sizeof text, fmt, args);
    tmc_clean(text);
    fprintf(stderr, "%s%s\n", prefix, text);
}

void complain(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say("taskmaster: ", fmt, args);
    va_end(args);
}

void complain_further(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say("  ", fmt, args);
    va_end(args);
}

_Noreturn void out_of_memory(void)
{
    complain("out of memory");
    exit(EXIT_JOB_FAILED);
}

void *allocate(void *old, size_t size)
{
    void *new = realloc(old, size);
    if (!new &&size > 0)
        out_of_memory();
    return new;
}

/* ---- standard descriptors ---- */

int command_print(const struct settings *settings, const void *text, size_t size)
{
    struct sink sink;
    bool late;
    sink_open(&sink, STDOUT_FILENO);
    sink_add(&sink, text, size);
    int written = sink_drain(&sink, settings->deadline, &late);
    sink_close(&sink);
    if (written == 0)
        return EXIT_DONE;
    return late ? EXIT_TIMED_OUT : EXIT_JOB_FAILED;
}

int command_print_line(const struct settings *settings, const char *fmt, ...)
{
    char text[1024 + 1];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text - 1, fmt, args);
    va_end(args);
    tmc_clean(text);
    size_t len = strlen(text);
    text[len++] = '\n';
    return command_print(settings, text, len);
}

/* What is opened next takes the number of a descriptor that is closed: as 0, 1 or 2 the connection
 * would be read as input, and what is meant for people sent to the server. Such a number is taken
 * by /dev/null, opened the wrong way round, so that using it fails as if it were closed still. The
 * exit status, or 0. */
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

/* ---- options ---- */

enum {
    FOR_RUN = 1 << 0,
    FOR_JOB = 1 << 1,
    FOR_SERVER = 1 << 2,
    FOR_PING = 1 << 3,
    FOR_ALL = FOR_RUN | FOR_JOB | FOR_SERVER | FOR_PING,
};

struct option_row {
    const char *name;
    const char *argument;                                     /* NULL: takes none */
    int commands;                                             /* FOR_..., ored */
    int (*set)(struct settings *settings, const char *value); /* 0, or -1 after a complaint */
    const char *help;
};

static int set_server(struct settings *settings, const char *value)
{
    settings->server = value;
    return 0;
}

static int set_token_file(struct settings *settings, const char *value)
{
    settings->token_file = value;
    return 0;
}

static int set_json(struct settings *settings, const char *value)
{
    (void)value;
    settings->json = true;
    return 0;
}

static int set_timeout(struct settings *settings, const char *value)
{
    char *end;
    double seconds = strtod(value, &end);
    if (end == value || *end || !isfinite(seconds) || seconds <= 0 || seconds > 1e6) {
        complain("--timeout wants seconds, more than 0 and at most 1000000, not '%s'", value);
        return -1;
    }
    settings->deadline = tmc_deadline_in((int)(seconds * 1000 + 0.999));
    settings->has_deadline = true;
    return 0;
}

static int parse_number(const char *name, const char *value, uint32_t min, uint32_t max,
                        uint32_t *number)
{
    char *end;
    errno = 0;
    unsigned long long parsed = strtoull(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || errno || parsed < min || parsed > max) {
        complain("--%s wants a whole number from %u to %u, not '%s'", name, min, max, value);
        return -1;
    }
    *number = (uint32_t)parsed;
    return 0;
}

static int set_job_timeout(struct settings *settings, const char *value)
{
    /* The protocol takes no more. */
    return parse_number("timeout-ms", value, 1, INT32_MAX, &settings->job_timeout_ms);
}

static int set_jobs(struct settings *settings, const char *value)
{
    return parse_number("jobs", value, 1, JOBS_MAX, &settings->jobs);
}

static int set_wait(struct settings *settings, const char *value)
{
    return parse_number("wait-ms", value, 0, WAIT_MAX_MS, &settings->wait_ms);
}

static int set_context(struct settings *settings, const char *value)
{
    settings->context = value;
    return 0;
}

static int set_each(struct settings *settings, const char *value)
{
    (void)value;
    settings->each = true;
    return 0;
}

static int set_unordered(struct settings *settings, const char *value)
{
    (void)value;
    settings->unordered = true;
    return 0;
}

static int set_link(struct settings *settings, const char *value)
{
    (void)value;
    settings->unlinked = false;
    return 0;
}

static int set_no_link(struct settings *settings, const char *value)
{
    (void)value;
    settings->unlinked = true;
    return 0;
}

static const struct option_row option_rows[] = {
    {"each", NULL, FOR_RUN, set_each, "one job for each line of standard input"},
    {"unordered", NULL, FOR_RUN, set_unordered, "with --each: print results as they come"},
    {"jobs", "N", FOR_RUN, set_jobs, "with --each: jobs in flight, 1 to 4096; default 16"},
    {"timeout-ms", "N", FOR_RUN, set_job_timeout, "the job's time in a worker, milliseconds"},
    {"context", "JSON", FOR_RUN, set_context, "comes back in the job's result with --json"},
    {"link", NULL, FOR_RUN, set_link, "the job is cancelled if the command ends (default)"},
    {"no-link", NULL, FOR_RUN, set_no_link, "a running job runs on if the command ends"},
    {"wait-ms", "N", FOR_PING, set_wait, "wait so long for a server to answer; default 0"},
    {"server", "ADDR", FOR_ALL, set_server, "HOST:PORT, [IPV6]:PORT or unix:PATH"},
    {"token-file", "FILE", FOR_ALL, set_token_file, "holds the server's token"},
    {"timeout", "SECONDS", FOR_ALL, set_timeout, "give up after this long; decimals are allowed"},
    {"json", NULL, FOR_ALL, set_json, "print the answer as one line of JSON"},
};

enum { OPTION_COUNT = sizeof option_rows / sizeof option_rows[0] };

/* ---- subcommands ---- */

struct command {
    const char *name;
    const char *arguments;
    int arg_min, arg_max;
    int options; /* the FOR_... that it is */
    int (*run)(const struct settings *settings);
    const char *summary;
    const char *help;
};

static const struct command commands[] = {
    {"run", "MODULE [PAYLOAD]", 1, 2, FOR_RUN, cmd_run, "run a job and print its result",
     "Submits PAYLOAD, or all of standard input, to MODULE, waits, and writes the result to\n"
     "standard output as it is. With --each every line of standard input is a job of its own;\n"
     "results come out in the order of the lines, one a line, and jobs that the server has no\n"
     "room for are tried again. An interrupt (Ctrl-C) cancels what runs, a second one leaves.\n"},
    {"cancel", "JOB", 1, 1, FOR_JOB, cmd_cancel, "stop a job gently",
     "Takes a waiting job off the queue, or asks a running one to stop: by the stop flag, then\n"
     "SIGTERM, then SIGKILL. JOB is the server's id: `taskmaster workers` shows those of running\n"
     "jobs, the event \"accepted\" tells a program that of its own.\n"},
    {"kill", "JOB", 1, 1, FOR_JOB, cmd_kill, "stop a job at once",
     "The same with SIGKILL at once.\n"},
    {"ping", "", 0, 0, FOR_PING, cmd_ping, "see whether the server answers, and how fast",
     "Prints who answered and how long one round trip took. With --wait-ms it tries again while\n"
     "nobody answers, as a server that was just started may not listen yet.\n"},
    {"stats", "", 0, 0, FOR_SERVER, cmd_stats, "show the server's figures",
     "Prints the figures as a table, or with --json as the server gave them.\n"},
    {"workers", "", 0, 0, FOR_SERVER, cmd_workers, "show the workers and what they do",
     "Prints a line for each worker, or with --json what the server gave.\n"},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* ---- help ---- */

static void print_options(int which)
{
    printf("\nOptions:\n");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        char left[64];
        if (!(row->commands & which))
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
           "  TASKMASTER_SERVER      the server, unless --server is given; else " DEFAULT_SERVER
           "\n"
           "  TASKMASTER_TOKEN_FILE  the token's file, unless --token-file is given\n"
           "\n"
           "Exit status: 0 done, 1 failed, 64 usage, 69 unreachable, 70 worker lost,\n"
           "75 overload or shutdown, 123 some lines of --each failed, 124 timeout.\n");
}

static void print_help(const struct command *command)
{
    if (command) {
        printf("Usage: taskmaster %s [options]%s%s\n\n%s", command->name,
               *command->arguments ? " " : "", command->arguments, command->help);
        print_options(command->options);
    } else {
        printf("Usage: taskmaster COMMAND [options] [arguments]\n\n"
               "Runs jobs on a taskmasterd, and looks after it.\n\nCommands:\n");
        for (size_t i = 0; i < COMMAND_COUNT; i++)
            printf("  %-8s%-18s%s\n", commands[i].name, commands[i].arguments, commands[i].summary);
        print_options(FOR_SERVER);
        printf("  %-20s  the release\n", "-V, --version");
        printf("\n`taskmaster COMMAND --help` tells more, taskmaster(1) all.\n");
    }
    print_footer();
}

static int bad_usage(const struct command *command)
{
    fprintf(stderr, "Try 'taskmaster %s%s--help'.\n", command ? command->name : "",
            command ? " " : "");
    return EXIT_BAD_USAGE;
}

/* ---- parsing ---- */

struct invocation {
    struct settings settings;
    const struct command *command;
    unsigned given; /* a bit for each option row */
    bool help, version;
};

enum {
    OPTION_HELP = 'h',
    OPTION_VERSION = 'V',
    OPTION_POSITIONAL = 1, /* getopt's word for an argument, asked for by the leading '-' */
    OPTION_ROW = 256,      /* the first row of the table */
};

static void make_long_options(struct option *long_options)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        long_options[i] = (struct option){
            .name = option_rows[i].name,
            .has_arg = option_rows[i].argument ? required_argument : no_argument,
            .val = OPTION_ROW + i,
        };
    long_options[OPTION_COUNT] = (struct option){.name = "help", .val = OPTION_HELP};
    long_options[OPTION_COUNT + 1] = (struct option){.name = "version", .val = OPTION_VERSION};
    long_options[OPTION_COUNT + 2] = (struct option){0};
}

/* The first argument is the subcommand; the others are kept at the front of argv, in order, which
 * getopt has left behind. */
static int take_argument(struct invocation *invocation, char *argument)
{
    if (invocation->command) {
        invocation->settings.args[invocation->settings.arg_count++] = argument;
        return 0;
    }
    invocation->command = find_command(argument);
    if (invocation->command)
        return 0;
    complain("there is no command '%s'", argument);
    return -1;
}

static int take_option(struct invocation *invocation, int option)
{
    if (option == OPTION_POSITIONAL)
        return take_argument(invocation, optarg);
    if (option == OPTION_HELP || option == OPTION_VERSION) {
        *(option == OPTION_HELP ? &invocation->help : &invocation->version) = true;
        return 0;
    }
    if (option < OPTION_ROW)
        return -1; /* getopt has complained */
    invocation->given |= 1u << (option - OPTION_ROW);
    return option_rows[option - OPTION_ROW].set(&invocation->settings, optarg);
}

static int parse(struct invocation *invocation, int argc, char **argv)
{
    struct option long_options[OPTION_COUNT + 3];
    int option;
    make_long_options(long_options);
    while ((option = getopt_long(argc, argv, "-hV", long_options, NULL)) != -1)
        if (take_option(invocation, option) < 0)
            return -1;
    for (; optind < argc; optind++)
        if (take_argument(invocation, argv[optind]) < 0)
            return -1;
    return 0;
}

/* What no single option can know. */
static int check(const struct invocation *invocation)
{
    const struct command *command = invocation->command;
    const struct settings *settings = &invocation->settings;
    if (!command) {
        complain("a command is missing");
        return -1;
    }
    for (int i = 0; i < OPTION_COUNT; i++)
        if (invocation->given & 1u << i && !(option_rows[i].commands & command->options)) {
            complain("%s takes no --%s", command->name, option_rows[i].name);
            return -1;
        }
    if (settings->arg_count < command->arg_min || settings->arg_count > command->arg_max) {
        complain("%s takes %s, not %d argument%s", command->name,
                 *command->arguments ? command->arguments : "no argument", settings->arg_count,
                 settings->arg_count == 1 ? "" : "s");
        return -1;
    }
    if (settings->each && settings->arg_count > 1) {
        complain("run takes its payloads from standard input with --each, not from an argument");
        return -1;
    }
    if (!settings->each && (settings->unordered || settings->jobs)) {
        complain("--unordered and --jobs belong to --each");
        return -1;
    }
    return 0;
}

static const char *from_environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

static int parse_and_run(int argc, char **argv)
{
    char program[] = "taskmaster"; /* getopt's complaints then look like ours */
    struct invocation invocation = {
        .settings =
            {
                .server = from_environment("TASKMASTER_SERVER", DEFAULT_SERVER),
                .token_file = from_environment("TASKMASTER_TOKEN_FILE", NULL),
                .deadline = TMC_DEADLINE_NEVER,
                .args = allocate(NULL, ((size_t)argc + 1) * sizeof *argv),
            },
    };
    int status;
    if (argc > 0)
        argv[0] = program;
    bool bad = parse(&invocation, argc, argv) < 0;
    if (!bad && invocation.help) {
        print_help(invocation.command);
        status = EXIT_DONE;
    } else if (!bad && invocation.version) {
        printf("taskmaster %s\n", tm_client_version());
        status = EXIT_DONE;
    } else if (bad || check(&invocation) < 0) {
        status = bad_usage(invocation.command);
    } else {
        overtime_start(invocation.settings.deadline);
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): check() saw to it */
        status = invocation.command->run(&invocation.settings);
    }
    free(invocation.settings.args);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("cannot write: %s", strerror(errno));
        status = status == EXIT_DONE ? EXIT_JOB_FAILED : status;
    }
    return status;
}

int command_main(int argc, char **argv)
{
    int status = occupy_closed();
    return status ? status : parse_and_run(argc, argv);
}

/* ---- connecting ---- */

int command_time_left_ms(const struct settings *settings, int max_ms)
{
    return tmc_deadline_earlier_ms(tmc_deadline_left_ms(settings->deadline), max_ms);
}

/* 0, or an exit status after a complaint. */
static int print_error_event(const struct settings *settings, const tm_client *client)
{
    size_t len;
    char *line = report_json_error(client, &len);
    int written = command_print(settings, line, len);
    free(line);
    return written;
}

int command_failed(const struct settings *settings, const tm_client *client,
                   tm_client_status status)
{
    if (settings->json && !settings->each && *tm_client_error_event(client))
        (void)print_error_event(settings, client); /* the fault itself is the graver one */
    else
        complain("%s", tm_client_error(client));
    switch (status) {
    case TM_CLIENT_TIMEOUT:
        return EXIT_TIMED_OUT;
    case TM_CLIENT_INVALID:
        return EXIT_BAD_USAGE;
    case TM_CLIENT_UNREACHABLE:
    case TM_CLIENT_CLOSED:
    case TM_CLIENT_PROTOCOL:
        return EXIT_UNREACHABLE;
    default:
        return EXIT_JOB_FAILED;
    }
}

/* Also a proxy in front of the server takes a connection, and closes it if the server does not. */
static bool unanswered(const tm_client *client, tm_client_status status)
{
    return status == TM_CLIENT_UNREACHABLE || status == TM_CLIENT_TIMEOUT ||
           (status == TM_CLIENT_CLOSED && !*tm_client_error_event(client));
}

/* Tries once at least, and for the last time when --wait-ms is over. */
static tm_client_status connect_within_wait(const struct settings *settings, tm_client *client,
                                            const tm_client_options *options)
{
    int64_t wait_end = tmc_deadline_in((int)settings->wait_ms);
    for (;;) {
        tm_client_status status = tm_client_connect(client, settings->server, options,
                                                    command_time_left_ms(settings, ANSWER_MAX_MS));
        if (!unanswered(client, status) || tmc_deadline_passed(wait_end))
            return status;
        int left_ms = command_time_left_ms(settings, tmc_deadline_left_ms(wait_end));
        poll(NULL, 0, left_ms < RETRY_MS ? left_ms : RETRY_MS);
        if (tmc_deadline_passed(settings->deadline))
            return TM_CLIENT_TIMEOUT;
    }
}

tm_client *command_connect(const struct settings *settings, int *exit_status)
{
    char name[64], text[TOKEN_FILE_MAX + 1];
    tm_client_options options = {.name = name};
    snprintf(name, sizeof name, "taskmaster/%s", tm_client_version());
    *exit_status = EXIT_BAD_USAGE;
    if (settings->token_file) {
        options.token = token_read(settings->token_file, text);
        if (!options.token)
            return NULL;
    }

    tm_client *client = tm_client_new();
    if (!client)
        out_of_memory();
    tm_client_status status = connect_within_wait(settings, client, &options);
    explicit_bzero(text, sizeof text);
    if (status == TM_CLIENT_OK)
        return client;
    *exit_status = command_failed(settings, client, status);
    /* Without a limit of the caller's own, a server that does not answer is just not there. */
    if (status == TM_CLIENT_REFUSED || (status == TM_CLIENT_TIMEOUT && !settings->has_deadline))
        *exit_status = EXIT_UNREACHABLE;
    tm_client_free(client);
    return NULL;
}
