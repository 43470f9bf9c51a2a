/* proc: see proc.h. */
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads the first `size` - 1 bytes of /proc/PID/NAME. 0 if there is no such file. */
static size_t slurp(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(text, 1, size - 1, file) : 0;
    text[len] = '\0';
    if (file)
        fclose(file);
    return len;
}

struct proc_cpu proc_cpu(pid_t pid)
{
    char text[128];
    uint64_t used = 0, waited = 0;
    slurp(pid, "schedstat", text, sizeof text);
    if (sscanf(text, "%" SCNu64 " %" SCNu64, &used, &waited) != 2)
        used = waited = 0;
    return (struct proc_cpu){used / 1000, waited / 1000};
}

int proc_files(pid_t pid)
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    if (!dir)
        return -1;
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

long proc_rss_kb(pid_t pid)
{
    char text[4096];
    if (!slurp(pid, "status", text, sizeof text))
        return -1;
    const char *line = strstr(text, "\nVmRSS:");
    return line ? strtol(line + strlen("\nVmRSS:"), NULL, 10) : -1;
}

/* State and parent stand behind the name. The name may hold any bytes. */
static void state_of(pid_t pid, char *state, pid_t *parent)
{
    char text[512];
    int number = 0;
    *state = '\0';
    *parent = 0;
    slurp(pid, "stat", text, sizeof text);
    const char *end = strrchr(text, ')');
    if (end && sscanf(end, ") %c %d", state, &number) == 2)
        *parent = number;
}

char proc_state(pid_t pid)
{
    char state;
    pid_t parent;
    state_of(pid, &state, &parent);
    return state;
}

pid_t proc_parent(pid_t pid)
{
    char state;
    pid_t parent;
    state_of(pid, &state, &parent);
    return parent;
}

size_t proc_children(pid_t pid, pid_t *children, size_t room)
{
    char name[64], text[4096];
    size_t count = 0;
    snprintf(name, sizeof name, "task/%d/children", (int)pid);
    slurp(pid, name, text, sizeof text);
    for (char *at = text, *end; *at; at = end) {
        long child = strtol(at, &end, 10);
        if (end == at)
            break;
        if (count < room)
            children[count] = (pid_t)child;
        count++;
    }
    return count;
}

static int runs_below(pid_t pid, const char *path)
{
    char name[64], exe[1024];
    snprintf(name, sizeof name, "/proc/%d/exe", (int)pid);
    ssize_t n = readlink(name, exe, sizeof exe - 1);
    if (n <= 0)
        return 0;
    exe[n] = '\0';
    return strncmp(exe, path, strlen(path)) == 0 && proc_state(pid) != 'Z';
}

void proc_describe(pid_t pid, char *text, size_t size)
{
    char state, name[64] = "?", wait[64] = "?";
    pid_t parent;
    state_of(pid, &state, &parent);
    slurp(pid, "comm", name, sizeof name);
    slurp(pid, "wchan", wait, sizeof wait);
    name[strcspn(name, "\n")] = '\0';
    snprintf(text, size, "pid %d, %s, state %c, waits in %s, parent %d, group %d", (int)pid, name,
             state, wait, (int)parent, (int)getpgid(pid));
}

size_t proc_running(const char *path, pid_t *pids, size_t room)
{
    size_t count = 0;
    DIR *dir = opendir("/proc");
    if (!dir)
        return 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;
        if (!pid || !runs_below(pid, path))
            continue;
        if (count < room)
            pids[count] = pid;
        count++;
    }
    closedir(dir);
    return count;
}

bool proc_port_taken(unsigned port)
{
    char line[512];
    unsigned local;
    unsigned long inode;
    bool taken = false;
    FILE *file = fopen("/proc/net/tcp", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "%*d: %*x:%x %*x:%*x %*x %*x:%*x %*x:%*x %*x %*d %*d %lu", &local,
                   &inode) == 2)
            taken |= local == port && inode != 0;
    if (file)
        fclose(file);
    return taken;
}
