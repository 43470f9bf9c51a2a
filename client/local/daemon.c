/* daemon: see daemon.h. */
#include "client/local/daemon.h"

#include "client/local/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    ARGUMENTS_MAX = 64,
    COMMAND_LINE_MAX = 65536,
    SETTINGS_MAX = 1 << 20,
    STATUS_MAX = 4096,
};

/* ---- paths ---- */

/* The directory of this command, with a slash; "" if it is not known. */
static void own_directory(char path[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);
    path[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash)
        slash[1] = '\0';
}

/* Returns the first of the places with this name, beside this command or as an absolute path; NULL:
 * nowhere. */
static char *find(const char *const *places, const char *name, const char *suffix, int mode)
{
    char own[PATH_MAX], path[2 * PATH_MAX];
    own_directory(own);
    for (; *places; places++) {
        snprintf(path, sizeof path, "%s%s%s%s", **places == '/' ? "" : own, *places, name, suffix);
        if (access(path, mode) == 0)
            return realpath(path, NULL);
    }
    return NULL;
}

static char *find_program(const char *name)
{
    static const char *const places[] = {"", "../sbin/", "/usr/sbin/", NULL};
    return find(places, name, "", X_OK);
}

static char *find_file(const char *name)
{
    static const char *const places[] = {"../etc/taskmaster/", "/etc/taskmaster/", NULL};
    return find(places, name, ".conf", R_OK);
}

/* ---- the process ---- */

static bool is_process(const char *name, pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
    char *comm = pid > 0 ? file_read_head(path, 64, NULL) : NULL;
    /* The kernel cuts the name. */
    bool is = comm && strlen(comm) > 1 && strncmp(comm, name, strlen(comm) - 1) == 0;
    free(comm);
    return is;
}

static bool runs_program(pid_t pid, const char *program)
{
    char path[64], target[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%ld/exe", (long)pid);
    ssize_t len = readlink(path, target, sizeof target - 1);
    if (len < 0)
        return geteuid() != 0;
    target[len] = '\0';
    return strcmp(target, program) == 0;
}

/* ---- settings ---- */

/* -T and the arguments behind the program's name. A -c that ends them would take a -T behind it for
 * its file, and a daemon would start. Returns their number. */
static size_t split_arguments(char *line, size_t len, char *argv[ARGUMENTS_MAX])
{
    size_t count = 1;
    const char *end = line + len;
    argv[count++] = "-T";
    for (char *arg = line + strlen(line) + 1; arg < end && count < ARGUMENTS_MAX - 1;
         arg += strlen(arg) + 1)
        argv[count++] = arg;
    argv[count] = NULL;
    return count;
}

/* The argument of -c. */
static const char *file_of(char *const argv[])
{
    for (size_t i = 1; argv[i]; i++) {
        if (strcmp(argv[i], "-c") == 0)
            return argv[i + 1];
        if (strncmp(argv[i], "-c", 2) == 0)
            return argv[i] + 2;
    }
    return NULL;
}

/* /proc/PID itself belongs to root if the process hides its memory. */
long local_daemon_user(const struct local_daemon *daemon)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/status", (long)daemon->pid);
    char *text = daemon->pid ? file_read_head(path, STATUS_MAX, NULL) : NULL;
    char *line = text ? strstr(text, "\nUid:\t") : NULL;
    long user = line ? strtol(line + strlen("\nUid:\t"), NULL, 10) : -1;
    free(text);
    return user;
}

/* Others than root and its own user may lack what the daemon may read. */
static bool has_same_rights(pid_t pid)
{
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%ld", (long)pid);
    return geteuid() == 0 || (stat(path, &st) == 0 && st.st_uid == geteuid());
}

/* A fault without the file's name may come from a relative path: our directory is another one. */
static void note_refusal(struct local_daemon *daemon, const char *text)
{
    const char *at = strstr(text, daemon->file);
    if (daemon->pid && at && has_same_rights(daemon->pid))
        daemon->refusal = strndup(at, strcspn(at, "\n"));
}

static void load(struct local_daemon *daemon, const char *dir, char *argv[])
{
    size_t len = 0;
    int status = -1;
    const char *file = file_of(argv);
    argv[0] = daemon->program;
    char *text = file_read_program(dir, argv, SETTINGS_MAX, &len, &status);
    if (text && status == 0)
        daemon->settings = json_loadb(text, len, JSON_ALLOW_NUL, NULL);
    if (!daemon->file && file && *file == '/')
        daemon->file = strdup(file);
    if (text && status == EX_CONFIG && daemon->file)
        note_refusal(daemon, text);
    free(text);
}

/* Relative paths among the settings begin in the directory of the process, not in ours. */
static void resolve_paths(json_t *settings, const char *dir)
{
    static const char *const keys[] = {"access-file", "log-file",    "master-token-file",
                                       "module-dir",  "store-path",  "queue-token-file",
                                       "token-file",  "worker-path", "redis-password-file"};
    char from[PATH_MAX], path[2 * PATH_MAX];
    ssize_t len = readlink(dir, from, sizeof from - 1);
    for (size_t i = 0; len > 0 && i < sizeof keys / sizeof *keys; i++) {
        json_t *setting = json_object_get(settings, keys[i]);
        const char *text = json_string_value(setting);
        if (!text || !*text || *text == '/')
            continue;
        snprintf(path, sizeof path, "%.*s/%s", (int)len, from, text);
        json_string_set(setting, path);
    }
}

/* A relative -c begins at the daemon's directory. Only root and its own user may enter that by way
 * of the process; for others a relative file is not known: their directory may have one like it. */
static void load_there(struct local_daemon *daemon, char *argv[])
{
    char dir[64];
    const char *file = file_of(argv);
    snprintf(dir, sizeof dir, "/proc/%ld/cwd", (long)daemon->pid);
    if (access(dir, X_OK) == 0) {
        load(daemon, dir, argv);
        resolve_paths(daemon->settings, dir);
    } else if (!file || *file == '/')
        load(daemon, NULL, argv);
}

static void load_of_process(struct local_daemon *daemon)
{
    char path[64], *argv[ARGUMENTS_MAX];
    size_t len = 0;
    snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)daemon->pid);
    char *line = file_read_head(path, COMMAND_LINE_MAX, &len);
    if (line && len > 0 && split_arguments(line, len, argv) > 0)
        load_there(daemon, argv);
    free(line);
}

static void load_of_file(struct local_daemon *daemon)
{
    daemon->file = find_file(daemon->name);
    if (daemon->file)
        load(daemon, NULL, (char *[]){NULL, "-c", daemon->file, "-T", NULL});
}

void local_daemon_open(struct local_daemon *daemon, const char *name, pid_t pid)
{
    *daemon = (struct local_daemon){.name = name, .program = find_program(name)};
    if (is_process(name, pid))
        daemon->pid = pid;
    if (!daemon->program)
        return;
    if (daemon->pid && runs_program(pid, daemon->program))
        load_of_process(daemon);
    if (!daemon->settings && !daemon->pid)
        load_of_file(daemon);
}

void local_daemon_close(struct local_daemon *daemon)
{
    free(daemon->program);
    free(daemon->file);
    free(daemon->refusal);
    json_decref(daemon->settings);
}

char *local_daemon_check(const struct local_daemon *daemon, int *status)
{
    char *file = daemon->program ? find_file(daemon->name) : NULL, *text = NULL;
    if (file && daemon->file && strcmp(file, daemon->file) == 0)
        text = file_read_program(NULL, (char *[]){daemon->program, "-t", "-c", file, NULL},
                                 SETTINGS_MAX, NULL, status);
    free(file);
    return text;
}

const char *local_daemon_text(const struct local_daemon *daemon, const char *key)
{
    return json_string_value(json_object_get(daemon->settings, key));
}

bool local_daemon_is_here(const char *address)
{
    static const char *const here[] = {"unix:", "127.", "localhost:", "[::1]:"};
    for (size_t i = 0; i < sizeof here / sizeof *here; i++)
        if (strncmp(address, here[i], strlen(here[i])) == 0)
            return true;
    return false;
}
