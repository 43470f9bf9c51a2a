/* die: the harness itself cannot go on. Findings about the daemon are told elsewhere. */
#ifndef TORTURE_DIE_H
#define TORTURE_DIE_H

#include <stddef.h>

enum { EXIT_FINDINGS = 1, EXIT_TROUBLE = 2 };

/* "torture: TEXT", and the text of errno if it is set; ends with EXIT_TROUBLE. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Memory that is there, zeroed where it is new. */
void *need(size_t size);
void *need_more(void *old, size_t size);
char *need_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
