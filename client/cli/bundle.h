/* bundle: the files of a support bundle between its parts: bundle_ask.c asks servers, bundle_here.c
 * looks at this machine. Above client/bundle/. */
#ifndef TASKMASTER_CLIENT_CLI_BUNDLE_H
#define TASKMASTER_CLIENT_CLI_BUNDLE_H

#include "client/bundle/scrub.h"
#include "client/bundle/tar.h"
#include "settings.h"

struct bundle {
    const struct settings *settings;
    struct tar tar;
    struct scrub scrub;
};

/* Add a file, without secrets. Each takes its content; NULL: no such file. */
void bundle_add_text(struct bundle *bundle, const char *name, char *text);
void bundle_add_json(struct bundle *bundle, const char *name, json_t *value);

/* --- bundle_ask.c --- */

/* Returns a server's stats, to be given up with json_decref(); NULL without an answer. */
json_t *bundle_ask_stats(const struct settings *settings);

/* Adds what a server tells, in the folder `name`; what it does not is in errors.txt there. */
void bundle_ask(struct bundle *bundle, const struct settings *settings, const char *name);

/* --- bundle_here.c --- */

struct local_daemon;

/* Knows from now on the tokens in the files of the daemon's settings. */
void bundle_learn_secrets(struct bundle *bundle, const struct local_daemon *daemon);

/* Adds the settings, the process and the end of the log of a daemon on this machine. */
void bundle_add_daemon(struct bundle *bundle, const struct local_daemon *daemon);

/* Adds releases, the kernel and the machine. */
void bundle_add_machine(struct bundle *bundle);

#endif
