/* rest: measurements of the daemon at rest, and after its end. */
#ifndef TORTURE_REST_H
#define TORTURE_REST_H

#include <stdbool.h>
#include <stdint.h>

enum { DRIFT_KB = 12 * 1024 }; /* of memory more than at the beginning, times the scale */

struct rest {
    bool reached; /* the daemon came to rest in time; otherwise the figures below are missing */
    bool stuck;   /* the round was broken off */
    uint64_t started_us;           /* when the round began */
    int files_before, files_after; /* descriptors of the master, at the same number of workers */
    long rss_before_kb, rss_after_kb;
    uint64_t used_us, window_us; /* processor time of all our processes, in so long a time */
    uint64_t bytes;              /* payloads held */
    uint64_t zombies;
    uint64_t strays; /* processes other than the master and its workers */
    uint64_t connected, waiting, running;
    uint64_t leftovers;      /* processes alive over a second after their master */
    uint64_t leftover_epoch; /* in this one */
    char leftover[160];      /* description of one of them */
    uint64_t end_us;         /* how long the end of the last master took */
};

#endif
