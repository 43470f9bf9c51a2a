/* settings: see settings.h. */
#include "access/settings.h"

static bool tokens_differ(const void *before, const void *after)
{
    const struct access_settings *old = before, *new = after;
    return !token_set_equal(&old->tokens, &new->tokens, false);
}

static bool names_differ(const void *before, const void *after)
{
    const struct access_settings *old = before, *new = after;
    return !token_set_equal(&old->tokens, &new->tokens, true);
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
    {.key = "access-file", .kind = OPTION_STRING, .offset = AT(access_file), .reload = true,
     .differs = names_differ,
     .min = 1, .max = OPTION_PATH_MAX, .default_text = "null",
     .help = "a file of named tokens and their rights, a line each: NAME TOKEN RIGHT...; others than "
             "its owner and group must not be able to read it; ACCESS FILE in taskmasterd.conf(5) "
             "lists the rights; if set beside a token-file, the tokens of both are valid"},
    {.key = "allow-open-listen", .kind = OPTION_BOOL, .offset = AT(allow_open_listen),
     .reload = true, .default_text = "false",
     .help = "permit addresses other than loopback without a token-file or access-file; for "
             "containers, where something else keeps strangers away"},
};
/* clang-format on */

const struct option_table access_options = OPTION_TABLE(rows);
