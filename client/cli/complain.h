/* complain: diagnostics on standard error. Control characters become '?': a server or a module
 * cannot steer the terminal. */
#ifndef TASKMASTER_CLIENT_CLI_COMPLAIN_H
#define TASKMASTER_CLIENT_CLI_COMPLAIN_H

/* Writes one line, "taskmaster: ...", in printf form. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Writes an indented line belonging to the complaint before. */
void complain_further(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* For complain(): a payload was not submitted. The server's payload_max follows. */
#define PAYLOAD_TOO_LARGE "the payload is larger than the %zu bytes that the server takes"

#endif
