/* rest: what was measured of the daemon when nothing went on any more, and when it had ended. */
#ifndef TORTURE_REST_H
#define TORTURE_REST_H

#include <stdbool.h>
#include <stdint.h>

enum { DRIFT_KB = 12 * 1024 }; /* of memory more than at the beginning, times the scale */

struct rest {
    bool reached;        /* it came to rest in time; otherwise the figures below are not there */
    bool stuck;          /* the round came to no end and was broken off */
    uint64_t started_us; /* when the round began */
    int files_before, files_after; /* descriptors of the master, at the same number of workers */
    long rss_before_kb, rss_after_kb;
    uint64_t used_us, window_us; /* processor time of all our processes, in so long a time */
    uint64_t bytes;              /* payloads held */
    uint64_t zombies;
    uint64_t strays; /* processes that are neither the master nor one of its workers */
    uint64_t connected, waiting, running;
    uint64_t leftovers;      /* processes that outlived their master by more than a second */
    uint64_t leftover_epoch; /* in this one */
    char leftover[160];      /* what is known of one of them */
    uint64_t end_us;         /* how long the end of the last master took */
};

#endif
