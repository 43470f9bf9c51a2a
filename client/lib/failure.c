/* failure: see failure.h. */
#include "failure.h"

#include "clean.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

tm_client_status tmc_failure_set(struct tmc_failure *failure, tm_client_status status,
                                 const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(failure->text, sizeof failure->text, fmt, args);
    va_end(args);
    tmc_clean(failure->text);
    failure->code[0] = failure->event[0] = '\0';
    return status;
}

tm_client_status tmc_failure_memory(struct tmc_failure *failure)
{
    return tmc_failure_set(failure, TM_CLIENT_MEMORY, "out of memory");
}

/* Without memory, jansson may blame the text or report nothing at all: trust malloc's errno alone.
 */
tm_client_status tmc_failure_json(struct tmc_failure *failure, tm_client_status status,
                                  const char *words, const json_error_t *error)
{
    if (errno == ENOMEM)
        return tmc_failure_memory(failure);
    return tmc_failure_set(failure, status, "%s: %s", words, error->text);
}

tm_client_status tmc_failure_quote(struct tmc_failure *failure, tm_client_status status,
                                   const char *words, const tm_client_event *event)
{
    const char *code = event->code ? event->code : "error";
    tmc_failure_set(failure, status, "%s: %s: %s", words, code,
                    event->message ? event->message : "");
    snprintf(failure->code, sizeof failure->code, "%s", code);
    snprintf(failure->event, sizeof failure->event, "%s", event->header);
    return status;
}
