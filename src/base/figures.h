/* figures: members of reports, and their text. */
#ifndef TASKMASTER_BASE_FIGURES_H
#define TASKMASTER_BASE_FIGURES_H

#include <jansson.h>
#include <stdint.h>

void figures_set(json_t *object, const char *key, uint64_t value);

/* NULL becomes null. */
void figures_set_text(json_t *object, const char *key, const char *text);

/* The member at "queue.waiting"; the report itself for NULL. NULL: there is none. */
const json_t *figures_find(const json_t *report, const char *path);

/* A figure that stands in a report: an integer, or true as 1; 0 for anything else. */
uint64_t figures_get(const json_t *figure);

/* Frees the report. Returns its text; the caller frees the text. */
char *figures_dump(json_t *report);

#endif
