/* shutdown_settings: see shutdown_settings.h. */
#include "shutdown_settings.h"

#define AT(member) offsetof(struct shutdown_settings, member)

_Static_assert(sizeof(enum drain_waiting) == sizeof(unsigned),
               "OPTION_ENUM reads and writes an unsigned number");

static const char *const drain_waiting_names[] = {[DRAIN_FAIL] = "fail", [DRAIN_RUN] = "run", NULL};

/* clang-format off */
static const struct option rows[] = {
    {.key = "drain-timeout-ms", .kind = OPTION_UINT32, .offset = AT(drain_timeout_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "30000", .unit = "ms",
     .help = "how long a shutdown waits for running jobs before it stops them; stopping takes "
             "kill-grace-ms more, telling clients two seconds; together less than half of the "
             "90 s after which systemd kills (TimeoutStopSec)"},
    {.key = "drain-waiting", .kind = OPTION_ENUM, .offset = AT(drain_waiting), .reload = true,
     .names = drain_waiting_names, .default_text = "\"fail\"",
     .help = "the fate of waiting jobs in a shutdown: fail them at once, or run them until "
             "drain-timeout-ms; fail by default, because another server may be there for them"},
};
/* clang-format on */

const struct option_table shutdown_options = OPTION_TABLE(rows);
