/* log_settings: see log_settings.h. */
#include "base/log_settings.h"

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error", NULL};
static const char *const format_names[] = {[LOG_TEXT] = "text", [LOG_JSON] = "json", NULL};

#define AT(member) offsetof(struct log_settings, member)

_Static_assert(sizeof(enum log_level) == sizeof(unsigned) &&
                   sizeof(enum log_format) == sizeof(unsigned),
               "OPTION_ENUM reads and writes an unsigned number");

/* clang-format off */
static const struct option rows[] = {
    {.key = "log-level", .kind = OPTION_ENUM, .offset = AT(level), .reload = true,
     .names = level_names, .default_text = "\"info\"",
     .help = "the least level to be logged; info tells of the daemon itself and its workers, and of no job or request by default"},
    {.key = "log-format", .kind = OPTION_ENUM, .offset = AT(format), .reload = true,
     .names = format_names, .default_text = "\"text\"",
     .help = "the form of a log line; text is readable without a tool"},
    {.key = "log-file", .kind = OPTION_STRING, .offset = AT(file), .reload = true,
     .min = 1, .max = OPTION_PATH_MAX, .default_text = "null",
     .help = "the file of the log; opened before the change of user, and again at SIGUSR1; if "
             "unset, the log goes to standard error"},
};
/* clang-format on */

const struct option_table log_options = OPTION_TABLE(rows);
