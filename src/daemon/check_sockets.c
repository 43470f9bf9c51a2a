/* check_sockets: see check_sockets.h. */
#include "daemon/check_sockets.h"

bool daemon_check_sockets(const struct daemon_check *check, const struct start_checks *checks,
                          const struct activation *sockets)
{
    const struct access_settings *access = checks->settings(check->config).access;
    bool guarded = access->token_file || access->access_file || access->allow_open_listen;
    if (sockets->count && config_is_set(check->config, "listen"))
        daemon_check_tell(check, FINDING_FAULT, "listen", NULL,
                          "found beside %zu sockets of the service manager for %s, expected one of "
                          "them: remove the key, or disable the .socket unit",
                          sockets->count, sockets->name);
    else if (!guarded && activation_is_open(sockets))
        daemon_check_tell(check, FINDING_FAULT, "listen", NULL,
                          "the service manager has opened a socket that others than this machine "
                          "may reach: %s",
                          checks->guard);
    else
        return true;
    return false;
}
