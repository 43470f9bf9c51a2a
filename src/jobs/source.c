/* source: see source.h. Here are the protocol's names of reasons and steps. */
#include "jobs/source.h"

static const char *const fail_names[FAIL_REASONS] = {
    [FAIL_ERROR] = "error",
    [FAIL_MODULE] = "module",
    [FAIL_TIMEOUT] = "timeout",
    [FAIL_CANCELLED] = "cancelled",
    [FAIL_UNKNOWN_MODULE] = "unknown-module",
    [FAIL_UNAVAILABLE] = "unavailable",
    [FAIL_TOO_LARGE] = "too-large",
    [FAIL_SHUTDOWN] = "shutdown",
    [FAIL_EXPIRED] = "expired",
};

static const char *const by_names[] = {
    [BY_SUBMITTER] = "submitter", [BY_LINK] = "link",     [BY_CLIENT] = "client",
    [BY_OPERATOR] = "operator",   [BY_READER] = "reader",
};

static const char *const overload_names[OVERLOAD_REASONS] = {
    [OVERLOAD_MEMORY] = "memory",
    [OVERLOAD_CLIENT_QUOTA] = "client-quota",
    [OVERLOAD_SERVICE_FULL] = "service-full",
    [OVERLOAD_QUEUE_FULL] = "queue-full",
};

static const char *const step_names[] = {
    [STOP_NONE] = "none",
    [STOP_FLAG] = "stop-flag",
    [STOP_SIGTERM] = "sigterm",
    [STOP_SIGKILL] = "sigkill",
};

const char *fail_reason_name(enum fail_reason reason)
{
    return fail_names[reason];
}

const char *ended_by_name(enum ended_by by)
{
    return by_names[by];
}

const char *overload_reason_name(enum overload_reason reason)
{
    return overload_names[reason];
}

const char *stop_step_name(enum stop_step step)
{
    return step_names[step];
}
