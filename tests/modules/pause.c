/* pause: sleeps for as many milliseconds as the payload says. */
#include <taskmaster/module.h>

#include <stdlib.h>
#include <time.h>

static int run(tm_job *job)
{
    long ms = atol(tm_job_data(job, NULL));

    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
    return 0;
}

TM_MODULE(.name = "pause", .run = run);
