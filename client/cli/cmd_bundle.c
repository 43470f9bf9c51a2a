/* cmd_bundle: support-bundle: what somebody else needs to help, without secrets, in one file. */
#include "bundle.h"
#include "client/local/daemon.h"
#include "command.h"
#include "complain.h"
#include "doctor_all.h"
#include "exit_status.h"
#include "output.h"
#include "places.h"
#include "report_json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char readme[] =
    "A support bundle of taskmaster: releases, settings in force, figures, workers, jobs,\n"
    "crashes, the ends of logs, and what `taskmaster doctor` found.\n"
    "\n"
    "Left out: tokens, values whose name looks like a secret's, the texts in settings of\n"
    "modules, contexts and payloads of jobs. *** stands in their place. What modules print\n"
    "goes to the log: look into log.txt before you hand this over.\n";

/* ---- the daemons ---- */

/* A daemon, and the server that it is. */
struct subject {
    const char *name;
    struct settings settings;
    struct local_daemon daemon;
    bool is_here;
};

enum { QUEUE = 1, HTTP, SUBJECTS };

static pid_t pid_of(const json_t *stats)
{
    const json_t *process = json_object_get(stats, "process");
    return (pid_t)json_integer_value(json_object_get(process, "pid"));
}

/* The process is known by the server's own word. Its secrets have to be known before anything is
 * written. */
static void find(struct bundle *bundle, struct subject *subject)
{
    json_t *stats = subject->settings.server ? bundle_ask_stats(&subject->settings) : NULL;
    const char *server = subject->settings.server;
    subject->is_here = !server || local_daemon_is_here(server);
    if (subject->is_here) {
        local_daemon_open(&subject->daemon, subject->name, pid_of(stats));
        bundle_learn_secrets(bundle, &subject->daemon);
    }
    json_decref(stats);
}

static void add_subject(struct bundle *bundle, struct subject *subject)
{
    if (subject->settings.server)
        bundle_ask(bundle, &subject->settings, subject->name);
    if (!subject->is_here)
        return;
    bundle_add_daemon(bundle, &subject->daemon);
    local_daemon_close(&subject->daemon);
}

/* With --server, this one alone. The gateway is no server of our protocol. */
static size_t choose(const struct settings *settings, struct subject subjects[SUBJECTS])
{
    subjects[0] = (struct subject){.name = settings->queue ? "taskqueued" : "taskmasterd",
                                   .settings = *settings};
    if (settings->server_given || settings->queue)
        return 1;
    subjects[QUEUE] = (struct subject){.name = "taskqueued", .settings = *settings};
    subjects[QUEUE].settings.server = places_queue();
    subjects[HTTP] = (struct subject){.name = "taskmaster-http"};
    return SUBJECTS;
}

static void add_doctor(struct bundle *bundle)
{
    int status;
    bundle_add_json(bundle, "doctor.json", doctor_all(bundle->settings, &status));
}

static void add_all(struct bundle *bundle)
{
    struct subject subjects[SUBJECTS];
    size_t count = choose(bundle->settings, subjects);
    scrub_add_token_file(&bundle->scrub, bundle->settings->token_file);
    for (size_t i = 0; i < count; i++)
        find(bundle, &subjects[i]);
    bundle_add_text(bundle, "README.txt", strdup(readme));
    bundle_add_machine(bundle);
    add_doctor(bundle);
    for (size_t i = 0; i < count; i++)
        add_subject(bundle, &subjects[i]);
}

/* ---- the file ---- */

/* Returns 0, or -1 after a complaint. */
static int write_bundle(const struct settings *settings, int fd, const char *path,
                        const char *folder)
{
    struct bundle bundle = {.settings = settings};
    tar_open(&bundle.tar, fd, folder);
    scrub_open(&bundle.scrub);
    add_all(&bundle);
    scrub_close(&bundle.scrub);
    int written = tar_close(&bundle.tar);
    if (written < 0)
        complain("cannot write %s: %s", path, strerror(errno));
    return written;
}

static int print_path(const struct settings *settings, const char *path)
{
    size_t len;
    if (!settings->json)
        return output_print_line(settings, "%s", path);
    char *line = report_json_line(json_pack("{so}", "file", report_json_text(path)), &len);
    return output_print_owned(settings, line, len);
}

/* Never writes over anything: the name may be a guess, and the directory others'. */
static int write_file(const struct settings *settings, const char *path, const char *folder)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) {
        complain("cannot make %s: %s", path, strerror(errno));
        return EXIT_JOB_FAILED;
    }
    int written = write_bundle(settings, fd, path, folder);
    if (close(fd) < 0 && written == 0) {
        complain("cannot write %s: %s", path, strerror(errno));
        written = -1;
    }
    if (written == 0)
        return print_path(settings, path);
    unlink(path);
    return EXIT_JOB_FAILED;
}

static int write_output(const struct settings *settings, const char *folder)
{
    if (isatty(STDOUT_FILENO)) {
        complain("an archive is not for a terminal: name a file");
        return EXIT_BAD_USAGE;
    }
    return write_bundle(settings, STDOUT_FILENO, "standard output", folder) < 0 ? EXIT_JOB_FAILED
                                                                                : EXIT_DONE;
}

static int run(const struct settings *settings)
{
    char folder[64], path[80];
    time_t now = time(NULL);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(folder, sizeof folder, "taskmaster-support-%Y%m%dT%H%M%SZ", &tm);
    snprintf(path, sizeof path, "%s.tar", folder);
    if (settings->arg_count == 0)
        return write_file(settings, path, folder);
    if (strcmp(settings->args[0], "-") == 0)
        return write_output(settings, folder);
    return write_file(settings, settings->args[0], folder);
}

const struct command cmd_support_bundle = {
    .name = "support-bundle",
    .arguments = "[FILE]",
    .arg_max = 1,
    .kind = COMMAND_DOCTOR,
    .run = run,
    .summary = "gather what somebody needs to help",
    .help = "Writes a tar to FILE, readable by its owner alone: releases, settings without\n"
            "secrets, figures, workers, jobs, crashes, the ends of logs, and the findings of\n"
            "doctor. Prints its name. FILE - is standard output.\n",
};
