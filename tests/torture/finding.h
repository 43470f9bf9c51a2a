/* finding: what the checker objects to. Each is told with its evidence, a flood of one kind only in
 * its beginning; the counts are complete. */
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
    uint64_t seed;     /* of the round that is being checked */
    const char *where; /* its directory */
    size_t counts[FINDING_KINDS];
    size_t total;
};

const char *finding_name(enum finding_kind kind);

/* Counts it; tells it unless there were very many of its kind. True if it is told: then more lines
 * of evidence may follow with finding_evidence(). */
int finding_add(struct findings *findings, enum finding_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void finding_evidence(const char *line);

#endif
