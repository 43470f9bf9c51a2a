/* identity_settings: see identity_settings.h. */
#include "daemon/identity_settings.h"

#define AT(member) offsetof(struct identity_settings, member)

/* clang-format off */
static const struct option rows[] = {
    {.key = "user", .kind = OPTION_STRING, .offset = AT(user),
     .min = 1, .max = 255, .default_text = "null",
     .help = "the user to become when started as root; a reload reads its files as this user; "
             "if unset, the daemon, and the jobs of taskmasterd, run as the user who started it"},
    {.key = "group", .kind = OPTION_STRING, .offset = AT(group),
     .min = 1, .max = 255, .default_text = "null",
     .help = "the group to become when started as root; if unset, the user's own"},
};
/* clang-format on */

const struct option_table identity_options = OPTION_TABLE(rows);
