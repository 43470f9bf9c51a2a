/* finding: the checker's objections, printed with their evidence. Of a flood of one kind, only the
 * first are printed; the counts are complete. */
#ifndef TORTURE_FINDING_H
#define TORTURE_FINDING_H

#include <stddef.h>
#include <stdint.h>

enum finding_kind {
    FINDING_LOST,
    FINDING_DUPLICATE,
    FINDING_UNEXPECTED,
    FINDING_CORRUPT,
    FINDING_INVENTED,
    FINDING_FALSE_OVERLOAD,
    FINDING_ORDER,
    FINDING_BOUNDS,
    FINDING_CONSERVATION,
    FINDING_HANG,
    FINDING_SPIN,
    FINDING_DRIFT,
    FINDING_DIED,
    FINDING_KINDS
};

struct findings {
    uint64_t seed;     /* of the round under judgement */
    const char *where; /* its directory */
    size_t counts[FINDING_KINDS];
    size_t total;
};

const char *finding_name(enum finding_kind kind);

/* Counts a finding, and prints it unless there were very many of its kind. True if it is printed:
 * more lines of evidence may then follow with finding_evidence(). */
int finding_add(struct findings *findings, enum finding_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void finding_evidence(const char *line);

#endif
