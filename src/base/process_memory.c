/* process_memory: see process_memory.h. */
#include "base/process_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

uint64_t process_memory_read(pid_t pid)
{
    char path[64], line[128], *end = "";
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    if (fgets(line, sizeof line, file))
        (void)strtoul(line, &end, 10); /* the whole size; resident pages come second */
    fclose(file);
    return strtoul(end, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}
