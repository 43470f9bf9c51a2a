/* round: one daemon with its restarts, one crowd, one nemesis, from the first start to the last
 * process's end. Then the history is ready for the checker. */
#ifndef TORTURE_ROUND_H
#define TORTURE_ROUND_H

#include "history.h"
#include "ledger.h"
#include "rest.h"

struct round_result {
    struct history history;
    struct ledger ledger; /* of taskqueued */
    struct rest rest;
    char *dir; /* with the side file and the log */
    char *side, *queue_side;
    uint64_t fault_counts[FAULT_KINDS];
    bool whole;                      /* the masters ended as planned */
    uint64_t faults, missed, epochs; /* missed: faults that found no victim */
};

/* `build`: the directory of the programs. `scale`: their permitted slowness, as a factor. */
void round_run(struct round_result *result, const struct plan *plan, const char *build,
               uint32_t scale);

/* With `keep` the directory stays for inspection. */
void round_free(struct round_result *result, bool keep);

#endif
