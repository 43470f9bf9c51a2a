/* machine: settings of the kernel, and the machine's memory. */
#include "client/doctor/doctor.h"

#include "client/local/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    BACKLOG_MIN = 1024,  /* connections that wait while a daemon is restarted */
    TASKS_MIN = 16384,   /* processes and threads of a machine with pools */
    MEMORY_PERCENT = 10, /* available: less is a warning */
    MEMORY_GRAVE = 3,    /* critical */
    FILES_PERCENT = 90,  /* of all open files: a warning */
    TEXT_SIZE_MAX = 65536,
};

/* A setting of the kernel that should have at least this value. */
static const struct kernel_setting {
    const char *name, *why;
    long long least;
} kernel_settings[] = {
    {"net.core.somaxconn", "so many connections wait at most while a daemon is restarted",
     BACKLOG_MIN},
    {"kernel.pid_max", "there are so many processes and threads at most", TASKS_MIN},
    {"kernel.threads-max", "there are so many processes and threads at most", TASKS_MIN},
};

/* "net.core.somaxconn" is the file net/core/somaxconn. */
static long long read_setting(const char *root, const char *name)
{
    char path[1024];
    int len = snprintf(path, sizeof path, "%s/proc/sys/%s", root, name);
    for (char *c = path + len - strlen(name); *c; c++)
        if (*c == '.')
            *c = '/';
    return file_read_number(path, -1);
}

static void check_kernel(const char *root, const struct kernel_setting *setting,
                         struct findings *findings)
{
    long long value = read_setting(root, setting->name);
    if (value < 0 || value >= setting->least)
        return;
    findings_tell(findings, FINDING_WARNING, "kernel", setting->name, NULL, "it is %lld: %s", value,
                  setting->why);
    findings_advise(findings, "sysctl -w %s=%lld, and the same in /etc/sysctl.d/", setting->name,
                    setting->least);
}

static void check_overcommit(const char *root, struct findings *findings)
{
    if (read_setting(root, "vm.overcommit_memory") != 2)
        return;
    findings_tell(findings, FINDING_WARNING, "kernel", "vm.overcommit_memory", NULL,
                  "it is 2: a worker may be refused memory that it only reserves");
    findings_advise(findings, "sysctl -w vm.overcommit_memory=0, unless another program needs it");
}

static long long kib_in(const char *text, const char *name)
{
    const char *line = strstr(text, name);
    return line ? strtoll(line + strlen(name), NULL, 10) : -1;
}

static void check_memory(const char *root, struct findings *findings)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    char *text = file_read_head(path, TEXT_SIZE_MAX, NULL);
    long long total = text ? kib_in(text, "MemTotal:") : -1;
    long long left = text ? kib_in(text, "MemAvailable:") : -1;
    free(text);
    if (total <= 0 || left < 0 || left * 100 >= total * MEMORY_PERCENT)
        return;
    findings_tell(findings, left * 100 < total * MEMORY_GRAVE ? FINDING_CRITICAL : FINDING_WARNING,
                  "memory", "memory", NULL, "%lld of %lld MiB are available", left >> 10,
                  total >> 10);
    findings_advise(findings, "set pool-max lower, or worker-max-rss for modules with leaks; "
                              "taskmaster workers shows their sizes");
}

static void check_files(const char *root, struct findings *findings)
{
    char path[1024], *end;
    snprintf(path, sizeof path, "%s/proc/sys/fs/file-nr", root);
    char *text = file_read_head(path, TEXT_SIZE_MAX, NULL);
    if (!text)
        return;
    long long used = strtoll(text, &end, 10), unused = strtoll(end, &end, 10);
    long long max = strtoll(end, NULL, 10);
    free(text);
    if (max <= 0 || (used - unused) / (max / 100 + 1) < FILES_PERCENT)
        return;
    findings_tell(findings, FINDING_WARNING, "kernel", "fs.file-max", NULL,
                  "%lld of %lld open files of the machine are in use", used - unused, max);
    findings_advise(findings, "sysctl -w fs.file-max=%lld", 2 * max);
}

void doctor_machine(const char *root, struct findings *findings)
{
    for (size_t i = 0; i < sizeof kernel_settings / sizeof *kernel_settings; i++)
        check_kernel(root, &kernel_settings[i], findings);
    check_overcommit(root, findings);
    check_memory(root, findings);
    check_files(root, findings);
}
