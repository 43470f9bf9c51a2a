/* signal_name: signals as the protocol and the log name them. */
#ifndef TASKMASTER_BASE_SIGNAL_NAME_H
#define TASKMASTER_BASE_SIGNAL_NAME_H

/* "SIGSEGV", "SIGRTMIN+3"; a static text, valid until the next call. */
const char *signal_name(int signo);

#endif
