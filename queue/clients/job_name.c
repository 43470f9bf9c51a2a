/* job_name: see job_name.h. */
#include "queue/clients/job_name.h"

#include <errno.h>
#include <stdlib.h>

uint64_t job_name_read(const char *name)
{
    char *end;
    if (name[0] != 'q' || name[1] < '1' || name[1] > '9')
        return 0;
    errno = 0;
    unsigned long long seq = strtoull(name + 1, &end, 10);
    return *end || errno || seq > INT64_MAX ? 0 : seq;
}

void job_name_write(struct event_writer *event, uint64_t seq)
{
    event_put(event, ",\"job\":\"q", 9);
    event_digits(event, seq);
    event_put(event, "\"", 1);
}
