/* die: the harness itself cannot go on. Findings about the daemon are finding.h's part. */
#ifndef TORTURE_DIE_H
#define TORTURE_DIE_H

#include <stddef.h>

enum { EXIT_FINDINGS = 1, EXIT_TROUBLE = 2 };

/* Prints "torture: TEXT", and the text of errno if it is set. Exits with EXIT_TROUBLE. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Zeroed memory, or the end of the harness. */
void *need(size_t size);
void *need_more(void *old, size_t size);
char *need_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
