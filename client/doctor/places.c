/* places: the files of a daemon: who may read or change them, and room for what it writes. */
#include "client/doctor/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum {
    ROOM_PERCENT = 10, /* of a file system: less is a warning */
    ROOM_GRAVE = 2,    /* critical */
};

/* ---- secrets ---- */

void doctor_secret(const char *what, const char *path, struct findings *findings)
{
    struct stat st;
    if (!path || stat(path, &st) < 0 || !(st.st_mode & (S_IROTH | S_IWOTH)))
        return;
    findings_tell(findings, FINDING_CRITICAL, "secret-open", path, NULL,
                  "everybody on this machine may %s the %s",
                  st.st_mode & S_IWOTH ? "change" : "read", what);
    findings_advise(findings, "chmod o= %s, and new tokens in it", path);
}

/* ---- code ---- */

static void check_writable(const char *what, const char *path, struct findings *findings)
{
    struct stat st;
    if (!path || stat(path, &st) < 0 || !(st.st_mode & S_IWOTH) || st.st_mode & S_ISVTX)
        return;
    findings_tell(findings, FINDING_CRITICAL, "writable", path, NULL,
                  "everybody on this machine may change the %s, and so what the daemon does", what);
    findings_advise(findings, "chmod o-w %s, and look at what is there", path);
}

static void check_module_files(const char *directory, struct findings *findings)
{
    DIR *dir = opendir(directory);
    struct dirent *entry;
    /* cppcheck-suppress readdirCalled ; there is one thread, and readdir_r() is deprecated */
    while (dir && (entry = readdir(dir))) {
        char path[PATH_MAX];
        size_t len = strlen(entry->d_name);
        if (len < 3 || strcmp(entry->d_name + len - 3, ".so") != 0)
            continue;
        if (snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) < (int)sizeof path)
            check_writable("module", path, findings);
    }
    if (dir)
        closedir(dir);
}

/* ---- room ---- */

static void check_room(const char *what, const char *path, struct findings *findings)
{
    struct statvfs fs;
    if (!path || statvfs(path, &fs) < 0 || fs.f_blocks == 0)
        return;
    unsigned long long percent = (unsigned long long)fs.f_bavail * 100 / fs.f_blocks;
    if (percent >= ROOM_PERCENT)
        return;
    findings_tell(findings, percent < ROOM_GRAVE ? FINDING_CRITICAL : FINDING_WARNING, "disk-full",
                  path, NULL, "the file system of the %s has %llu MiB left, %llu %%", what,
                  (unsigned long long)fs.f_bavail * fs.f_frsize >> 20, percent);
    findings_advise(findings, "free room there, or rotate the log sooner");
}

/* ---- who may connect ---- */

static bool is_open(const char *address)
{
    static const char *const closed[] = {"unix:", "127.", "localhost:", "[::1]:"};
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        if (strncmp(address, closed[i], strlen(closed[i])) == 0)
            return false;
    return true;
}

static void check_address(const char *address, struct findings *findings)
{
    if (!address || !is_open(address))
        return;
    findings_tell(findings, FINDING_CRITICAL, "open-listen", address, NULL,
                  "other machines may connect, and run jobs, without a token");
    findings_advise(findings, "set access-file, or listen on 127.0.0.1 alone");
}

static void check_listen(const json_t *settings, struct findings *findings)
{
    size_t i;
    json_t *address;
    json_array_foreach (json_object_get(settings, "listen"), i, address) {
        check_address(json_string_value(address), findings);
    }
}

static const char *text_of(const json_t *settings, const char *key)
{
    const char *text = json_string_value(json_object_get(settings, key));
    return text && *text ? text : NULL;
}

void doctor_places(const json_t *settings, const char *file, struct findings *findings)
{
    static const char *const secrets[] = {"token-file", "access-file", "master-token-file",
                                          "queue-token-file", "redis-password-file"};
    const char *modules = text_of(settings, "module-dir"), *engine = text_of(settings, "engine");
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        doctor_secret(secrets[i], text_of(settings, secrets[i]), findings);
    check_writable("configuration", file, findings);
    check_writable("worker's program", text_of(settings, "worker-path"), findings);
    check_writable("directory of modules", modules, findings);
    if (modules)
        check_module_files(modules, findings);
    check_room("log", text_of(settings, "log-file"), findings);
    if (strcmp(engine ? engine : "", "redis") != 0)
        check_room("store", text_of(settings, "store-path"), findings);
    if (!text_of(settings, "token-file") && !text_of(settings, "access-file"))
        check_listen(settings, findings);
}
