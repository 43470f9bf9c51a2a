/* main: options, start-up order, exit status. */
#include "all_settings.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "config/print.h"
#include "master.h"
#include "net/event_memory.h"
#include "signals.h"
#include "startup/check_addresses.h"
#include "startup/check_limits.h"
#include "startup/check_log.h"
#include "startup/check_modules.h"

#include <taskmaster/version.h>

#include <event2/event.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum action {
    RUN,
    CHECK,
    CHECK_INIT, /* with init() of modules */
    PRINT,
    HELP,
    VERSION,
    MANUAL,
};

static const char usage[] =
    "usage: taskmasterd [-c FILE] [-t [--init] | -T] [--KEY=VALUE ...]\n"
    "\n"
    "  -c FILE      read settings from FILE (JSON); without it the defaults are in force\n"
    "  -t           check the settings, load every module once, and end\n"
    "  --init       with -t: call init() of the modules in the settings, too\n"
    "  -T           print the settings in force as JSON, and end\n"
    "  --KEY=VALUE  set one key; wins over the file\n"
    "  --help       print this and every key\n"
    "  --version    print the version\n";

__attribute__((format(printf, 1, 2))) static _Noreturn void usage_error(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("taskmasterd: ", stderr);
    vfprintf(stderr, fmt, args);
    fputs(" (try --help)\n", stderr);
    va_end(args);
    exit(EX_USAGE);
}

/* "KEY=VALUE" of an argument --KEY=VALUE. Any other argument ends the process. */
static char *setting_of(char *arg)
{
    char key[64] = "";
    struct config_key found;
    const char *equals = strchr(arg, '=');
    size_t len = strcspn(arg, "=");
    if (strncmp(arg, "--", 2) != 0 || !arg[2])
        usage_error("%s is not an option", arg);
    memcpy(key, arg + 2, len - 2 < sizeof key ? len - 2 : sizeof key - 1);
    if (!config_schema_find(&settings_schema, key, &found)) {
        const char *near = config_schema_nearest(&settings_schema, key);
        usage_error("--%s is not a key%s%s%s", key, near ? ", did you mean --" : "",
                    near ? near : "", near ? "?" : "");
    }
    if (!equals)
        usage_error("--%s needs a value: --%s=VALUE", key, key);
    return arg + 2;
}

/* -t and -T end the process: the second of them would have no effect. */
static enum action one_of(enum action before, enum action next)
{
    if (before != RUN && before != next)
        usage_error("found both -t and -T, expected one of them");
    return next;
}

/* Options are the hyphenated keys of a schema; getopt cannot take them from there. The few others
 * are quickly told apart. */
static enum action parse_args(int argc, char **argv, struct config_args *args)
{
    enum action action = RUN;
    bool init = false;
    for (int i = 1; i < argc; i++) {
        char *arg = argv[i];
        if (strcmp(arg, "-c") == 0 && i + 1 == argc)
            usage_error("-c needs the name of a file");
        else if (strcmp(arg, "-c") == 0)
            args->file = argv[++i];
        else if (strcmp(arg, "-t") == 0)
            action = one_of(action, CHECK);
        else if (strcmp(arg, "-T") == 0)
            action = one_of(action, PRINT);
        else if (strcmp(arg, "--init") == 0)
            init = true;
        else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
            return HELP;
        else if (strcmp(arg, "--version") == 0 || strcmp(arg, "-V") == 0)
            return VERSION;
        else if (strcmp(arg, "--print-manual") == 0)
            return MANUAL;
        else
            args->overrides[args->override_count++] = setting_of(arg);
    }
    if (init && action != CHECK)
        usage_error("found --init without -t, which it belongs to");
    return init ? CHECK_INIT : action;
}

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

static int print_help(void)
{
    fputs(usage, stdout);
    puts("\nKeys, in the file and as --KEY=VALUE:\n");
    config_print_help(&settings_schema, stdout);
    return EX_OK;
}

static int print_version(void)
{
    puts("taskmasterd " TASKMASTER_VERSION);
    return EX_OK;
}

static int print_manual(void)
{
    config_print_manual(&settings_schema, stdout);
    return EX_OK;
}

/* A fault ends the start and is for the terminal, a warning is for the log. */
static void say_at_start(void *arg, enum finding finding, const char *text)
{
    (void)arg;
    if (finding == FINDING_FAULT)
        fprintf(stderr, "taskmasterd: %s\n", text);
    else
        log_event(LOG_WARN, "settings", LOG_STR("why", text));
}

/* Before anything is listened on. Returns an exit status. */
static int check_start(const struct config *config, const char *file, struct identity *identity)
{
    const struct settings *settings = settings_of(config);
    const struct startup_check check = {.config = config, .tell = say_at_start};
    if (!startup_check_identity(&check, &settings->identity, identity))
        return EX_CONFIG;
    if (!startup_check_rights(&check, &settings->identity, identity, FINDING_FAULT))
        return EX_NOPERM;
    if (!startup_check_paths(&check, settings->workers.path, settings->modules.dir, identity))
        return EX_CONFIG;
    startup_check_reload(&check, file, &settings->access, identity);
    startup_check_tokens(&check, &settings->access);
    startup_check_limits(&check, &settings->jobs, identity);
    return startup_open_log(&check, &settings->log, identity) ? EX_OK : EX_CONFIG;
}

static int run(struct config *config, const struct config_args *args)
{
    const struct settings *settings = settings_of(config);
    struct identity identity;
    log_open();
    log_configure(settings->log.level, settings->log.format);
    int status = check_start(config, args->file, &identity);
    if (status == EX_OK)
        return master_run(config, args, &identity);
    config_free(config);
    return status;
}

static void say_at_check(void *arg, enum finding finding, const char *text)
{
    (void)arg;
    fprintf(stderr, "taskmasterd: %s%s\n", finding == FINDING_WARNING ? "warning: " : "", text);
}

/* Checks everything: one run names all faults. */
static int check_settings(const struct config *config, const struct config_args *args, bool init)
{
    const struct settings *settings = settings_of(config);
    const struct startup_check check = {.config = config, .tell = say_at_check};
    const struct module_host host = {.worker_path = settings->workers.path,
                                     .user = settings->identity.user,
                                     .timeout_ms = settings->jobs.start_timeout_ms};
    const struct checked_modules modules = {&settings->modules, &settings->jobs, &host};
    struct identity identity;
    bool fine =
        startup_check_addresses(&check, &settings->clients.listen, settings->workers.listen);
    bool known = startup_check_identity(&check, &settings->identity, &identity);
    bool able =
        known && startup_check_rights(&check, &settings->identity, &identity, FINDING_WARNING);
    /* Without the right to become the user, the checks go on as the present one. */
    if (!able)
        identity = (struct identity){.user = ""};
    bool there =
        startup_check_paths(&check, settings->workers.path, settings->modules.dir, &identity);
    startup_check_reload(&check, args->file, &settings->access, &identity);
    startup_check_tokens(&check, &settings->access);
    startup_check_limits(&check, &settings->jobs, &identity);
    fine &= startup_check_log(&check, &settings->log, &identity,
                              able ? FINDING_FAULT : FINDING_WARNING);
    fine = fine && known && there;
    if (there && !startup_check_modules(&check, &modules, &identity, init))
        fine = false;
    if (fine)
        puts("the settings are fine");
    else
        fputs("the settings are not fine\n", stderr);
    return fine ? EX_OK : EX_CONFIG;
}

static int with_settings(enum action action, const struct config_args *args)
{
    char error[1024];
    struct config *config = config_load(&settings_schema, args, error, sizeof error);
    if (!config) {
        fprintf(stderr, "taskmasterd: %s\n", error);
        return EX_CONFIG;
    }
    if (action == RUN)
        return run(config, args);
    int status = action == PRINT ? print_settings(config)
                                 : check_settings(config, args, action == CHECK_INIT);
    config_free(config);
    return status;
}

int main(int argc, char **argv)
{
    struct config_args args = {.program = argv[0]};
    /* Our parent may ignore it, and then no child could be waited for. */
    signal(SIGCHLD, SIG_DFL);
    /* Without memory the process says so and ends, also in a library. */
    json_set_alloc_funcs(xmalloc, free);
    event_set_mem_functions(event_memory_alloc, event_memory_realloc, event_memory_free);
    event_set_log_callback(say);
    event_set_fatal_callback(give_up);
    args.overrides = xcalloc((size_t)argc, sizeof *args.overrides);
    enum action action = parse_args(argc, argv, &args);
    if (action == RUN)
        signals_begin();
    int status = action == HELP      ? print_help()
                 : action == VERSION ? print_version()
                 : action == MANUAL  ? print_manual()
                                     : with_settings(action, &args);
    free(args.overrides);
    return status;
}
