/*
 * module_table: the known modules: their settings, their files, and the history of their jobs.
 *
 * A name gets an entry when a job asks for it and a file in module-dir has it. So the table never
 * holds more names than module-dir has held files, whatever clients ask for. Each entry's file is
 * looked at once a second at most, and the directory is read for new names once a second at most
 * (module_dir.h).
 */
#ifndef TASKMASTER_JOBS_MODULE_TABLE_H
#define TASKMASTER_JOBS_MODULE_TABLE_H

#include "base/hash.h"
#include "jobs/module_about.h"
#include "jobs/module_breaker.h"
#include "jobs/module_dir.h"
#include "jobs/module_refusal.h"
#include "jobs/module_settings.h"
#include "jobs/tally.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The module's file, as of the last look at the disk. */
struct module_file {
    uint64_t checked_us; /* 0: to be looked at when a job asks for the module */
    bool usable;         /* the file is there, and the module is not disabled */
    bool seen;           /* the module was usable once */
    uint64_t stamp;      /* changes with the file, kept while there is none; 0: not known */
};

enum { CRASH_SIGNALS = 65 }; /* 1 to 64 */

/* Experience with the module's jobs, for statistics and for guesses about the next one. */
struct module_history {
    uint64_t done, failed;           /* jobs */
    uint32_t crashes[CRASH_SIGNALS]; /* jobs whose worker was ended by the signal */
    uint64_t mean_run_us;  /* moving average of a run, as its worker measured it; 0: not known */
    uint64_t printed_us;   /* when a job printed last; 0: never */
    uint32_t result_bytes; /* of the largest result of late */
    uint32_t refusals;     /* by workers, since a job was begun last */
    struct module_refusal refusal;
};

struct dispatcher;

struct module_entry {
    struct hash_node by_name;
    char *name;
    size_t running, waiting; /* jobs */
    struct {
        bool enabled;
        uint32_t timeout_ms, soft_timeout_ms; /* 0: none */
        const char *pool; /* its name; NULL: default. Borrowed from the settings */
    } settings;
    struct dispatcher *pool; /* as found by pools.c; NULL: not looked for yet */
    struct module_file file;
    struct module_history history;
    struct tally tally;
    struct module_about about;
    uint32_t loaded_by; /* workers, as far as they were looked at (workers/loaded.h) */
    struct module_breaker breaker;
};

struct module_table {
    struct hash by_name;
    struct module_dir dir;
    struct module_entry *last; /* found last: mostly the next job asks for the same */
    const struct module_settings *settings;
};

void module_table_init(struct module_table *table, const struct module_settings *settings);
void module_table_free(struct module_table *table);

/* Other settings: limits change at once, and each file is looked at anew. Borrows `settings`. */
void module_table_configure(struct module_table *table, const struct module_settings *settings);

/* The workers of the pool are replaced, or of all pools if NULL: the modules are tried again. */
void module_table_try_again(struct module_table *table, const char *pool);

/* The entry of a usable module; NULL if its file is missing or it is disabled. The table owns the
 * entry, which stays until the table goes. */
struct module_entry *module_table_find(struct module_table *table, const char *name, size_t len,
                                       uint64_t now_us);

/* The entry of the name, usable or not; NULL if there is none. */
const struct module_entry *module_table_known(const struct module_table *table, const char *name);

/* Why the name has no entry, in words for a client (no path). The caller frees the text. */
char *module_table_why_not(const struct module_table *table, const char *name);

/* The entry around a node of by_name, for hash_each(). */
struct module_entry *module_entry_of(struct hash_node *node);

#endif
