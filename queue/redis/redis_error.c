/* redis_error: see redis_error.h. */
#include "queue/redis/redis_error.h"

#include <stddef.h>

enum redis_error redis_error_of(const struct redis_reply *reply)
{
    static const struct {
        const char *code;
        enum redis_error error;
    } codes[] = {
        {"OOM", REDIS_ERROR_FULL},
        {"MISCONF", REDIS_ERROR_FULL}, /* its disk is full, or broken */
        {"NOSCRIPT", REDIS_ERROR_NO_SCRIPT},
        {"BUSY", REDIS_ERROR_PASSING},
        {"NOREPLICAS", REDIS_ERROR_PASSING},
        {"TRYAGAIN", REDIS_ERROR_PASSING},
        {"LOADING", REDIS_ERROR_NO_PRIMARY},
        {"READONLY", REDIS_ERROR_NO_PRIMARY},
        {"MASTERDOWN", REDIS_ERROR_NO_PRIMARY},
        {"UNBLOCKED", REDIS_ERROR_NO_PRIMARY}, /* of WAIT: it has become a replica */
        {"CLUSTERDOWN", REDIS_ERROR_NO_PRIMARY},
        {"MOVED", REDIS_ERROR_NO_PRIMARY},
        /* The rights of our user were changed: the greeting tells what is missing. */
        {"NOAUTH", REDIS_ERROR_NO_PRIMARY},
        {"NOPERM", REDIS_ERROR_NO_PRIMARY},
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (redis_reply_begins(reply, codes[i].code))
            return codes[i].error;
    return REDIS_ERROR_FATAL;
}
