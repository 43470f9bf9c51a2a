/* shutdown_settings: see shutdown_settings.h. */
#include "shutdown_settings.h"

#define AT(member) offsetof(struct shutdown_settings, member)

/* clang-format off */
static const struct option rows[] = {
    {.key = "drain-timeout-ms", .kind = OPTION_UINT32, .offset = AT(drain_timeout_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "30000", .unit = "ms",
     .help = "how long a shutdown waits for running jobs before it stops them; stopping takes "
             "kill-grace-ms more, telling clients two seconds; together less than half of the "
             "90 s after which systemd kills (TimeoutStopSec)"},
};
/* clang-format on */

const struct option_table shutdown_options = OPTION_TABLE(rows);
