/* fault: the status of HTTP for a daemon's words: codes of errors, reasons of failures and of
 * refusals. doc/http.md, section 3, has the table for people. */
#ifndef TASKMASTER_GATEWAY_API_FAULT_H
#define TASKMASTER_GATEWAY_API_FAULT_H

/* A word that is unknown here is 502: the daemon is newer. */
unsigned fault_status(const char *word);

#endif
