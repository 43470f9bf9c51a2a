/* findings: what the doctor has found, each with its advice. A list of JSON objects. Calls nobody.
 */
#ifndef TASKMASTER_CLIENT_DOCTOR_FINDINGS_H
#define TASKMASTER_CLIENT_DOCTOR_FINDINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

enum finding_level {
    FINDING_WARNING,  /* it works, and will not for ever */
    FINDING_UNKNOWN,  /* something could not be looked at */
    FINDING_CRITICAL, /* jobs fail or are refused, or a secret lies open */
    FINDING_LEVELS,
};

struct findings {
    json_t *list; /* owned; objects with level, check, about, text, advice */
    unsigned counts[FINDING_LEVELS];
};

void findings_open(struct findings *findings);
void findings_close(struct findings *findings);

/* Adds a finding: the name of the check; the thing at fault, "pool" and its name (NULL: the kind is
 * enough); and the fault in printf form. */
__attribute__((format(printf, 6, 7))) void findings_tell(struct findings *findings,
                                                         enum finding_level level,
                                                         const char *check, const char *kind,
                                                         const char *name, const char *fmt, ...);

/* Says what to do about the finding told last, in printf form. */
__attribute__((format(printf, 2, 3))) void findings_advise(struct findings *findings,
                                                           const char *fmt, ...);

/* Returns 0 without a finding; else 1: warnings alone, 2: a critical one, 3: no critical one, but
 * something could not be looked at. */
int findings_status(const struct findings *findings);

/* Returns the level as a word, "warning". Static. */
const char *findings_level_name(enum finding_level level);

/* Prints the findings for people, the gravest first. Control characters become '?'. */
void findings_print(FILE *out, const struct findings *findings);

#endif
