/* fault: see fault.h. */
#include "gateway/api/fault.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *word;
    unsigned status;
} rows[] = {
    {"bad-request", 400},
    {"denied", 403},
    /* unknown-job and the like: below */
    {"cancelled", 409},
    {"duplicate", 409},
    {"duplicate-id", 409},
    {"duplicate-ref", 409},
    {"name-taken", 409},
    {"not-yet", 409},
    {"not-failed", 409},
    {"not-waiting", 409},
    {"payload-too-large", 413},
    {"key-conflict", 422},
    {"module", 422},
    {"poison", 422},
    {"bad-config", 422},
    {"client-quota", 429},
    {"unknown-op", 501}, /* the daemon is older */
    {"error", 502},
    {"too-large", 502},
    {"overload", 503},
    {"queue-full", 503},
    {"memory", 503},
    {"service-full", 503},
    {"storage", 503},
    {"too-many", 503},
    {"unavailable", 503},
    {"shutdown", 503},
    {"timeout", 504},
    {"expired", 504},
    {"unconfirmed", 504},
};

unsigned fault_status(const char *word)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].word, word) == 0)
            return rows[i].status;
    return strncmp(word, "unknown-", strlen("unknown-")) ? 502 : 404;
}
