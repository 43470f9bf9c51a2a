/* own_settings: see own_settings.h. */
#include "queue/own_settings.h"

#include "peers/settings.h"

/* clang-format off */
static const struct option listen_rows[] = {
    {.key = "listen", .kind = OPTION_STRING_LIST, .offset = offsetof(struct peers_settings, listen),
     .min = 1, .max = 16, .default_text = "[\"127.0.0.1:7742\"]",
     .help = "where clients connect: HOST:PORT, [IPV6]:PORT or unix:PATH; port 0 means any "
             "free port; loopback by default, because every client runs jobs with the rights of "
             "taskmasterd"},
};

static const struct option end_rows[] = {
    {.key = "drain-timeout-ms", .kind = OPTION_UINT32,
     .offset = offsetof(struct end_settings, drain_timeout_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "30000", .unit = "ms",
     .help = "how long a shutdown waits for the jobs that taskmasterd has; those left run again "
             "after the next start; telling clients takes two seconds more; together less than "
             "half of the 90 s after which systemd kills (TimeoutStopSec)"},
};
/* clang-format on */

const struct option_table listen_options = OPTION_TABLE(listen_rows);
const struct option_table end_options = OPTION_TABLE(end_rows);
