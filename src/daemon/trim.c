/* trim: see trim.h. */
#include "daemon/trim.h"

#include <malloc.h>

enum {
    TRIM_MS = 5000, /* between two trims */
    /* A burst is more than one of these: */
    TRIM_JOBS = 10000,
    TRIM_BYTES = 1024 * 1024, /* of payloads and output: half of the memory at the start */
    TRIM_CLIENTS = 1000,
};

/* Unread results are as much of a burst as the jobs before them, and may stay longer. */
static uint64_t bytes_held(const struct trim *trim)
{
    return trim->payloads->held + trim->output->held;
}

static bool is_burst(const struct trim *trim)
{
    return trim->peak_jobs > TRIM_JOBS || trim->peak_bytes > TRIM_BYTES ||
           trim->peak_clients > TRIM_CLIENTS;
}

static bool is_over(const struct trim *trim)
{
    return trim->jobs < trim->peak_jobs / 4 || bytes_held(trim) < trim->peak_bytes / 4 ||
           *trim->clients < trim->peak_clients / 4;
}

static void on_timer(void *arg)
{
    struct trim *trim = arg;
    if (is_over(trim)) {
        malloc_trim(0);
        trim->peak_jobs = trim->jobs;
        trim->peak_bytes = bytes_held(trim);
        trim->peak_clients = *trim->clients;
    }
    if (is_burst(trim))
        timer_set_ms(trim->timers, &trim->timer, TRIM_MS);
}

void trim_turn(struct trim *trim, size_t jobs)
{
    trim->jobs = jobs;
    if (trim->jobs > trim->peak_jobs)
        trim->peak_jobs = trim->jobs;
    if (bytes_held(trim) > trim->peak_bytes)
        trim->peak_bytes = bytes_held(trim);
    if (*trim->clients > trim->peak_clients)
        trim->peak_clients = *trim->clients;
    if (is_burst(trim) && !timer_is_set(&trim->timer))
        timer_set_ms(trim->timers, &trim->timer, TRIM_MS);
}

void trim_init(struct trim *trim)
{
    timer_init(&trim->timer, on_timer, trim);
}

void trim_end(struct trim *trim)
{
    timer_clear(trim->timers, &trim->timer);
}
