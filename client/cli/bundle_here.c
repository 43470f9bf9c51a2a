/* bundle_here: what this machine knows of a daemon, for a support bundle (bundle.h). */
#include "bundle.h"
#include "client/local/daemon.h"
#include "client/local/file.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum {
    LOG_MAX = 1 << 20,
    TEXT_MAX = 65536,
};

void bundle_learn_secrets(struct bundle *bundle, const struct local_daemon *daemon)
{
    static const char *const files[] = {"token-file", "master-token-file", "queue-token-file",
                                        "redis-password-file"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        scrub_add_token_file(&bundle->scrub, local_daemon_text(daemon, files[i]));
    scrub_add_access_file(&bundle->scrub, local_daemon_text(daemon, "access-file"));
}

/* ---- a daemon ---- */

static void add(struct bundle *bundle, const struct local_daemon *daemon, const char *file,
                char *text)
{
    char name[256];
    snprintf(name, sizeof name, "%s/%s", daemon->name, file);
    bundle_add_text(bundle, name, text);
}

static void add_process(struct bundle *bundle, const struct local_daemon *daemon)
{
    static const char *const files[] = {"limits", "status", "cgroup", "oom_score_adj"};
    for (size_t i = 0; daemon->pid && i < sizeof files / sizeof *files; i++) {
        char path[64], name[128];
        snprintf(path, sizeof path, "/proc/%ld/%s", (long)daemon->pid, files[i]);
        snprintf(name, sizeof name, "process-%s.txt", files[i]);
        add(bundle, daemon, name, file_read_head(path, TEXT_MAX, NULL));
    }
}

static void print_file(FILE *out, const char *directory, const char *name)
{
    char path[PATH_MAX], when[32] = "";
    struct stat st;
    struct tm tm;
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path ||
        stat(path, &st) < 0)
        return;
    if (gmtime_r(&st.st_mtime, &tm))
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
    fprintf(out, "%06o %5u %5u %9lld %s %s\n", st.st_mode, st.st_uid, st.st_gid,
            (long long)st.st_size, when, name);
}

static void add_modules(struct bundle *bundle, const struct local_daemon *daemon)
{
    const char *directory = local_daemon_text(daemon, "module-dir");
    DIR *dir = directory ? opendir(directory) : NULL;
    struct dirent *entry;
    char *text = NULL;
    size_t len;
    if (!dir)
        return;
    FILE *out = open_memstream(&text, &len);
    /* cppcheck-suppress readdirCalled ; there is one thread, and readdir_r() is deprecated */
    while ((entry = readdir(dir)))
        print_file(out, directory, entry->d_name);
    fclose(out);
    closedir(dir);
    add(bundle, daemon, "module-files.txt", text);
}

static char *read_journal(const char *name)
{
    static const char program[] = "/usr/bin/journalctl";
    int status;
    if (access(program, X_OK) < 0)
        return NULL;
    return file_read_program(NULL,
                             (char *[]){(char *)program, "-u", (char *)name, "-n", "5000",
                                        "--no-pager", "-o", "short-iso", NULL},
                             LOG_MAX, NULL, &status);
}

/* Any user may start our program, with a link to somebody's secrets as its log: a file that is not
 * of the process's user is left alone. Root's own processes may log where they like. */
static char *read_log(const struct local_daemon *daemon, const char *path)
{
    long user = local_daemon_user(daemon);
    return file_read_tail(path, LOG_MAX, user > 0 ? user : FILE_OF_ANYBODY, NULL);
}

static void add_log(struct bundle *bundle, const struct local_daemon *daemon)
{
    const char *path = local_daemon_text(daemon, "log-file");
    add(bundle, daemon, "log.txt",
        path && *path ? read_log(daemon, path) : read_journal(daemon->name));
}

void bundle_add_daemon(struct bundle *bundle, const struct local_daemon *daemon)
{
    char name[128];
    snprintf(name, sizeof name, "%s/settings.json", daemon->name);
    bundle_add_json(bundle, name, json_deep_copy(daemon->settings));
    add_process(bundle, daemon);
    add_modules(bundle, daemon);
    add_log(bundle, daemon);
}

/* ---- the machine ---- */

static void add_releases(struct bundle *bundle)
{
    struct utsname name;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    fprintf(out, "taskmaster %s\n", tm_client_version());
    if (uname(&name) == 0)
        fprintf(out, "%s %s %s %s\n", name.sysname, name.release, name.version, name.machine);
    fprintf(out, "processors %ld\n", sysconf(_SC_NPROCESSORS_ONLN));
    fclose(out);
    bundle_add_text(bundle, "versions.txt", text);
}

void bundle_add_machine(struct bundle *bundle)
{
    static const struct {
        const char *name, *path;
    } files[] = {
        {"machine/os-release.txt", "/etc/os-release"},
        {"machine/meminfo.txt", "/proc/meminfo"},
        {"machine/loadavg.txt", "/proc/loadavg"},
        {"machine/somaxconn.txt", "/proc/sys/net/core/somaxconn"},
        {"machine/overcommit.txt", "/proc/sys/vm/overcommit_memory"},
        {"machine/pressure-cpu.txt", "/proc/pressure/cpu"},
        {"machine/pressure-memory.txt", "/proc/pressure/memory"},
    };
    add_releases(bundle);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        bundle_add_text(bundle, files[i].name, file_read_head(files[i].path, TEXT_MAX, NULL));
}
