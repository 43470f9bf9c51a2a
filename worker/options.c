/* options: see options.h. */
#include "options.h"

#include "buffer.h"
#include "common/log.h"
#include "fork_guard.h"
#include "loader.h"
#include "report.h"
#include "text.h"

#include <taskmaster/version.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

enum { READ_SIZE = 4096 };

static const char usage[] =
    "Usage: taskmaster-worker --check-module FILE [--init] | --version | --help\n"
    "\n"
    "Runs the jobs of taskmasterd, which starts it. By hand only these make sense:\n"
    "\n"
    "  --check-module FILE   load one module as for a job, without its init function, and\n"
    "                        print \"ok NAME VERSION\" (status 0) or what is wrong (status 1)\n"
    "  --init                call its init and its fini as well, with the settings (JSON)\n"
    "                        that stand in standard input\n"
    "  --version             print the release\n"
    "  --help                print this\n";

/* Reads standard input to its end and adds a NUL. Empty input is read as "{}". */
static const char *read_settings(void)
{
    struct buffer settings;
    ssize_t n;

    buffer_init(&settings);
    do {
        if (buffer_reserve(&settings, settings.len + READ_SIZE + 1) < 0)
            fatal(EX_OSERR, "no memory for settings of more than %zu bytes", settings.len);
        n = read(STDIN_FILENO, settings.data + settings.len, READ_SIZE);
        settings.len += n > 0 ? (size_t)n : 0;
    } while (n > 0 || (n < 0 && errno == EINTR));
    settings.data[settings.len] = '\0';
    return settings.len > 0 ? settings.data : "{}"; /* until the process ends */
}

/* taskmasterd -t runs this in a child for each module: a module crashing in dlopen() costs only
 * that child. */
static int check_module(const char *path, bool init)
{
    struct module module;
    struct refusal refusal;
    char version[MESSAGE_MAX];

    /* Loading may hang, and no ^C reaches this process group. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        perror("taskmaster-worker: cannot arm the death signal");
    fork_guard_init();
    report_set_plain();
    setvbuf(stdout, NULL, _IOLBF, 0); /* as for a job: output before a crash is not lost */
    if (loader_check(path, init ? read_settings() : NULL, &module, &refusal) < 0) {
        report_flush_stdout();
        printf("%s\n", refusal.text);
        return 1;
    }
    report_flush_stdout();
    const char *found = module.descriptor.version;
    text_clean(version, sizeof(version), found != NULL ? found : "-");
    printf("ok %s %s\n", module.name, version);
    return 0;
}

int options_run(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("taskmaster-worker %s\n", TASKMASTER_VERSION);
        return EX_OK;
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return EX_OK;
    }
    bool init = argc == 4 && strcmp(argv[3], "--init") == 0;
    if ((argc == 3 || init) && strcmp(argv[1], "--check-module") == 0)
        return check_module(argv[2], init);
    fprintf(stderr, "taskmaster-worker: unknown arguments, beginning with \"%s\"\n\n%s", argv[1],
            usage);
    return EX_USAGE;
}
