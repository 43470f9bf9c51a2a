/* program: see program.h. */
#include "daemon/program.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "config/print.h"
#include "daemon/signals.h"
#include "net/event_memory.h"

#include <taskmaster/version.h>

#include <event2/event.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

/* Puts libevent's own words into our log. */
static void say(int severity, const char *text)
{
    static const enum log_level levels[] = {
        [EVENT_LOG_DEBUG] = LOG_DEBUG,
        [EVENT_LOG_MSG] = LOG_INFO,
        [EVENT_LOG_WARN] = LOG_WARN,
        [EVENT_LOG_ERR] = LOG_ERROR,
    };
    log_event(levels[severity], "libevent", LOG_STR("text", text));
}

/* A fault that libevent cannot go on after ends the process like any fault of the system. */
static void give_up(int error)
{
    (void)error;
    exit(EX_OSERR);
}

static int print_settings(const struct config *config)
{
    json_t *settings = config_to_json(config);
    int status = json_dumpf(settings, stdout, JSON_INDENT(2)) == 0 ? EX_OK : EX_IOERR;
    putchar('\n');
    json_decref(settings);
    return status;
}

static int print_help(const struct daemon_program *program)
{
    fputs(program->usage, stdout);
    puts("\nKeys, in the file and as --KEY=VALUE:\n");
    config_print_help(program->schema, stdout);
    return EX_OK;
}

static int print_version(const struct daemon_program *program)
{
    printf("%s %s\n", program->schema->program, TASKMASTER_VERSION);
    return EX_OK;
}

static int print_manual(const struct daemon_program *program)
{
    config_print_manual(program->schema, stdout);
    return EX_OK;
}

static int print_conf(const struct daemon_program *program)
{
    config_print_conf(program->schema, stdout);
    return EX_OK;
}

static int run(const struct daemon_program *program, struct config *config,
               const struct config_args *args)
{
    const struct log_settings *log = program->checks->settings(config).log;
    struct daemon_start start;
    log_open();
    log_configure(log->level, log->format);
    int status = start_check(config, args, program->checks, &start);
    if (status == EX_OK)
        return program->run(config, args, &start);
    config_free(config);
    return status;
}

static int look(const struct daemon_program *program, const struct command_line *line,
                const struct config *config)
{
    if (line->action == DAEMON_PRINT)
        return print_settings(config);
    if (line->action == DAEMON_OWN)
        return program->own(config);
    return start_trial(config, &line->args, program->checks, line->with_check);
}

static int with_settings(const struct daemon_program *program, const struct command_line *line)
{
    char error[1024];
    struct config *config = config_load(program->schema, &line->args, error, sizeof error);
    if (!config) {
        fprintf(stderr, "%s: %s\n", program->schema->program, error);
        return EX_CONFIG;
    }
    if (line->action == DAEMON_RUN)
        return run(program, config, &line->args);
    int status = look(program, line, config);
    config_free(config);
    return status;
}

static int act(const struct daemon_program *program, const struct command_line *line)
{
    switch (line->action) {
    case DAEMON_HELP:
        return print_help(program);
    case DAEMON_VERSION:
        return print_version(program);
    case DAEMON_MANUAL:
        return print_manual(program);
    case DAEMON_CONF:
        return print_conf(program);
    default:
        return with_settings(program, line);
    }
}

int daemon_program_main(const struct daemon_program *program, int argc, char **argv)
{
    struct command_line line;
    /* Our parent may ignore it, and then no child could be waited for. */
    signal(SIGCHLD, SIG_DFL);
    /* Without memory the process says so and ends, also in a library. */
    json_set_alloc_funcs(xmalloc, free);
    event_set_mem_functions(event_memory_alloc, event_memory_realloc, event_memory_free);
    event_set_log_callback(say);
    event_set_fatal_callback(give_up);
    command_line_read(&line, program->schema, &program->options, argc, argv);
    if (line.action == DAEMON_RUN)
        signals_begin();
    int status = act(program, &line);
    command_line_free(&line);
    return status;
}
