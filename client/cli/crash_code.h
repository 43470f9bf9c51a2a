/* crash_code: a signal's code (si_code of sigaction(2)) in plain words. Calls nobody. */
#ifndef TASKMASTER_CLIENT_CLI_CRASH_CODE_H
#define TASKMASTER_CLIENT_CLI_CRASH_CODE_H

/* Returns words for the code, "SEGV_MAPERR"; NULL: unknown. Static. */
const char *crash_code_words(const char *code);

#endif
