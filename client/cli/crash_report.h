/*
 * crash_report: a crash of a module as a debugger shows it. Above symbols and crash_code.
 *
 *     SIGSEGV (SEGV_MAPERR): no memory is mapped there; address 0x8, thread main, ...
 *     #0 0x11a9 crash_now () at crash.c:42 (crash.so)
 *     #1 0x5c21 ?? (/usr/libexec/taskmaster/taskmaster-worker+0x5c21)
 *
 * The crash is JSON from a server and is not trusted: anything may be missing or of another type,
 * and control characters are replaced.
 */
#ifndef TASKMASTER_CLIENT_CLI_CRASH_REPORT_H
#define TASKMASTER_CLIENT_CLI_CRASH_REPORT_H

#include <jansson.h>

/* Finds the crash: `value` itself, or a member `crash` of it. Returns NULL if there is none.
 * Borrowed. */
const json_t *crash_report_find(const json_t *value);

/* Returns lines for people, each with its LF, the caller's; `*len` gets their length. */
char *crash_report_text(const json_t *crash, size_t *len);

/* Returns the first frame outside the C library, without LF: "crash_now () at crash.c:42
 * (crash.so)". The caller's; NULL if there is none. */
char *crash_report_top(const json_t *crash);

/* Returns a text member; "" if there is none. Borrowed; may hold control characters. */
const char *crash_report_member(const json_t *crash, const char *name);

#endif
