/* settings: see settings.h. */
#include "workers/settings.h"

#define AT(member) offsetof(struct workers_settings, member)

/* clang-format off */
static const struct option rows[] = {
    {.key = "worker-listen", .kind = OPTION_STRING, .offset = AT(listen),
     .min = 1, .max = OPTION_PATH_MAX, .default_text = "\"127.0.0.1:0\"",
     .help = "where our own workers connect back: HOST:PORT; by default a free port of the "
             "kernel's choice, as nobody else needs to know it"},
    {.key = "worker-path", .kind = OPTION_STRING, .offset = AT(path), .reload = true,
     .min = 1, .max = OPTION_PATH_MAX, .default_text = "null",
     .help = "the worker's binary; if unset, taskmaster-worker beside taskmasterd when it and "
             "modules/ are there, otherwise libexec/taskmaster/taskmaster-worker in the "
             "directory above"},
    {.key = "no-new-privs", .kind = OPTION_BOOL, .offset = AT(no_new_privs), .reload = true,
     .default_text = "true",
     .help = "no program started by a module gains rights by setuid or capabilities of its "
             "file; by default, because few modules need sudo, and a stolen worker would"},
};
/* clang-format on */

const struct option_table workers_options = OPTION_TABLE(rows);
