/* settings: see settings.h. */
#include "queue/master/settings.h"

static bool tokens_differ(const void *before, const void *after)
{
    const struct master_link_settings *old = before, *new = after;
    return !token_set_equal(&old->tokens, &new->tokens, false);
}

#define AT(member) offsetof(struct master_link_settings, member)

/* clang-format off */
static const struct option rows[] = {
    {.key = "master", .kind = OPTION_STRING, .offset = AT(address),
     .min = 1, .max = OPTION_PATH_MAX, .default_text = "\"127.0.0.1:7741\"",
     .help = "where taskmasterd listens for clients: HOST:PORT, [IPV6]:PORT or unix:PATH; by "
             "default its own default; a name is looked up at the start alone"},
    {.key = "master-token-file", .kind = OPTION_STRING, .offset = AT(token_file), .reload = true,
     .differs = tokens_differ,
     .min = 1, .max = OPTION_PATH_MAX, .default_text = "null",
     .help = "a file with the token for taskmasterd, one a line, the first counts; it needs the "
             "rights submit and relay, and observe for the master's part of stats; if unset, no "
             "token is told: enough for a master without tokens"},
};
/* clang-format on */

const struct option_table master_link_options = OPTION_TABLE(rows);
