/* options: see options.h. */
#include "options.h"

#include "forked.h"
#include "loader.h"
#include "text.h"

#include <taskmaster/version.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>

static const char usage[] =
    "Usage: taskmaster-worker --check-module FILE | --version | --help\n"
    "\n"
    "Runs the jobs of taskmasterd, which starts it. By hand only these make sense:\n"
    "\n"
    "  --check-module FILE   load one module as for a job, without its init function, and\n"
    "                        print \"ok NAME VERSION\" (status 0) or what is wrong (status 1)\n"
    "  --version             print the release\n"
    "  --help                print this\n";

/* taskmasterd -t runs this in a child for every module, so that one which crashes while it is
 * loaded costs that child only. */
static int check_module(const char *path)
{
    struct module module;
    struct refusal refusal;
    char version[MESSAGE_MAX];

    /* Loading may hang, in a process group of our own that no ^C reaches. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        perror("taskmaster-worker: cannot arm the death signal");
    forked_init();
    if (loader_check(path, &module, &refusal) < 0) {
        printf("%s\n", refusal.text);
        return 1;
    }
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
    if (argc == 3 && strcmp(argv[1], "--check-module") == 0)
        return check_module(argv[2]);
    fprintf(stderr, "taskmaster-worker: unknown arguments, beginning with \"%s\"\n\n%s", argv[1],
            usage);
    return EX_USAGE;
}
