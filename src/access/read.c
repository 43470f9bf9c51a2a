/* read: see read.h. */
#include "access/read.h"

#include "access/access_file.h"
#include "access/token_file.h"

#include <limits.h>

int access_read(const struct config *config, struct access_settings *access, enum file_kind kind,
                struct config_error *error)
{
    char why[PATH_MAX + 192];
    if (access->token_file &&
        token_file_read(access->token_file, kind, &access->tokens, why, sizeof why) < 0)
        return config_fault(config, error, "token-file", "%s", why);
    if (access->access_file &&
        access_file_read(access->access_file, kind, &access->tokens, why, sizeof why) < 0)
        return config_fault(config, error, "access-file", "%s", why);
    return 0;
}
