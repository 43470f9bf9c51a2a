/* settings: see settings.h. */
#include "clients/settings.h"

#include "common/limits.h"

#define AT(member) offsetof(struct client_settings, member)

/* clang-format off */
static const struct option listen_rows[] = {
    {.key = "listen", .kind = OPTION_STRING_LIST, .offset = AT(peers.listen),
     .min = 1, .max = 16, .default_text = "[\"127.0.0.1:7741\"]",
     .help = "where clients connect: HOST:PORT, [IPV6]:PORT or unix:PATH; port 0 means any "
             "free port; loopback by default, because every client runs jobs with our rights"},
};

static const struct option rows[] = {
    {.key = "part-stall-ms", .kind = OPTION_UINT32, .offset = AT(part_stall_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "30000", .unit = "ms",
     .help = "how long a client may take nothing of a waiting part before the job is cancelled: "
             "its worker waits as long; shorter than output-timeout-ms, so that the client stays "
             "connected"},
    {.key = "dead-letters", .kind = OPTION_STRING, .offset = AT(dead_letters), .reload = true,
     .min = 1, .max = SERVICE_NAME_MAX, .default_text = "\"drop\"",
     .help = "what becomes of the end of a job for a service without an owner: drop, or the "
             "name of another service, whose owner gets the event; drop by default, because "
             "the log and the counts tell of it, and nobody else has asked for it"},
};
/* clang-format on */

const struct option_table client_listen_options = OPTION_TABLE(listen_rows);
const struct option_table client_options = OPTION_TABLE(rows);
