/* round: one daemon and its restarts, one crowd, one nemesis, from the first start to the end of
 * the last process; then its history is ready to be checked. */
#ifndef TORTURE_ROUND_H
#define TORTURE_ROUND_H

#include "history.h"
#include "rest.h"

struct round_result {
    struct history history;
    struct rest rest;
    char *dir; /* with the side file and the log */
    char *side;
    uint64_t fault_counts[FAULT_KINDS];
    uint64_t faults, missed, epochs; /* missed: of the faults, those that found nobody */
};

/* `build`: where the programs are; `scale`: how many times as slow as usual they may be. */
void round_run(struct round_result *result, const struct plan *plan, const char *build,
               uint32_t scale);

/* With `keep` its directory stays, for somebody to look at. */
void round_free(struct round_result *result, bool keep);

#endif
