/* process: see process.h. */
#include "process.h"

#include "stream.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The field with this index (0 or 1) of a file of numbers. */
static uint64_t read_number(const char *path, int field)
{
    uint64_t numbers[2] = {0};
    FILE *file = fopen(path, "re");
    if (!file)
        die("%s: %s", path, strerror(errno));
    int found = fscanf(file, "%" SCNu64 " %" SCNu64, &numbers[0], &numbers[1]);
    fclose(file);
    if (found < 2)
        die("%s: no numbers", path);
    return numbers[field];
}

/* schedstat counts single threads, even in the process's own file. */
uint64_t process_cpu_ns(pid_t pid)
{
    char path[64 + NAME_MAX];
    uint64_t sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        die("%s: %s", path, strerror(errno));
    for (struct dirent *task; (task = readdir(tasks));) {
        if (task->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, task->d_name);
        sum += read_number(path, 0);
    }
    closedir(tasks);
    return sum;
}

uint64_t process_rss_bytes(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    return read_number(path, 1) * (uint64_t)sysconf(_SC_PAGESIZE);
}
