/* file: small files and the output of programs, read whole. Calls nobody of ours. */
#ifndef TASKMASTER_CLIENT_LOCAL_FILE_H
#define TASKMASTER_CLIENT_LOCAL_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Return the bytes, with a NUL behind them, to be freed; NULL with errno set. `*len` may be NULL.
 */

/* At most `max` bytes from the beginning. */
char *file_read_head(const char *path, size_t max, size_t *len);

enum { FILE_OF_ANYBODY = -1 };

/* At most `max` bytes from the end, from the beginning of a line on. Only of a file that belongs to
 * `owner`, a user's number or FILE_OF_ANYBODY. */
char *file_read_tail(const char *path, size_t max, long owner, size_t *len);

/* Runs a program without input in the directory `dir` (NULL: our own), and returns what it prints,
 * both ways, at most `max` bytes. `*status` gets the exit status; -1: a signal. After 10 s it is
 * killed. */
char *file_read_program(const char *dir, char *const argv[], size_t max, size_t *len, int *status);

/* Returns the integer in a file; `otherwise` without one. "max" of a cgroup is none. */
long long file_read_number(const char *path, long long otherwise);

#endif
