/* signal_code: names of si_code, the cause of a signal. */
#ifndef TASKMASTER_BASE_SIGNAL_CODE_H
#define TASKMASTER_BASE_SIGNAL_CODE_H

#include <stdbool.h>

/* "SEGV_MAPERR", or the number if the code has no name. The text is valid until the next call. */
const char *signal_code_name(int signo, int code);

/* True if the kernel sent the signal for a fault, and so knows its address. */
bool signal_code_has_address(int signo, int code);

#endif
