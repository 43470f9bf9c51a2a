/* settings: see settings.h. */
#include "access/settings.h"

static bool tokens_differ(const void *before, const void *after)
{
    const struct access_settings *old = before, *new = after;
    return !token_set_equal(&old->tokens, &new->tokens);
}

#define AT(member) offsetof(struct access_settings, member)

/* clang-format off */
static const struct option rows[] = {
    {.key = "token-file", .kind = OPTION_STRING, .offset = AT(token_file), .reload = true,
     .differs = tokens_differ,
     .min = 1, .max = OPTION_PATH_MAX, .default_text = "null",
     .help = "a file of tokens, one a line; a client must name one of them; empty lines and "
             "those beginning with # do not count; if unset, none is asked for, and only "
             "loopback addresses and unix sockets are permitted"},
    {.key = "allow-open-listen", .kind = OPTION_BOOL, .offset = AT(allow_open_listen),
     .reload = true, .default_text = "false",
     .help = "permit addresses other than loopback without a token-file; for containers, where "
             "something else keeps strangers away"},
};
/* clang-format on */

const struct option_table access_options = OPTION_TABLE(rows);
