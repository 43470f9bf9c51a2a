/*
 * client_requests: each call sends a request and waits for its answer.
 *
 * These are the requests of the first release. Later ones have no function of their own:
 * tm_client_ask() and tm_client_request() send any request (client_ask.c). A new kind of answer is
 * a row in event_kind.c.
 */
#include "deadline.h"
#include "renewal.h"

/* `fields` ends with an empty one; NULL: none. */
static tm_client_status ask(tm_client *client, const char *op,
                            const struct tmc_request_field *fields, int timeout_ms,
                            tm_client_event **answer)
{
    struct tmc_request request;
    if (answer)
        *answer = NULL;
    tm_client_status status = tmc_renewal_check(client, timeout_ms);
    if (status == TM_CLIENT_OK)
        status = tmc_request_plain(&request, op, client->last_id + 1, fields, &client->failure);
    if (status != TM_CLIENT_OK)
        return status;
    tmc_renewal_note(client, op, &request);
    return tmc_connection_ask(client, &request, NULL, 0, tmc_deadline_in(timeout_ms), answer);
}

static tm_client_status ask_text(tm_client *client, const char *op, const char *key,
                                 const char *text, int timeout_ms, tm_client_event **answer)
{
    const struct tmc_request_field fields[] = {{.key = key, .text = text}, {0}};
    return ask(client, op, fields, timeout_ms, answer);
}

/* A request without its number would have another meaning: send 0 too. */
static tm_client_status ask_number(tm_client *client, const char *op, const char *key,
                                   uint64_t number, int timeout_ms, tm_client_event **answer)
{
    const struct tmc_request_field fields[] = {{.key = key, .number = number, .wants_zero = true},
                                               {0}};
    return ask(client, op, fields, timeout_ms, answer);
}

tm_client_status tm_client_ping(tm_client *client, int timeout_ms)
{
    return ask(client, "ping", NULL, timeout_ms, NULL);
}

tm_client_status tm_client_set_module(tm_client *client, const char *module, int timeout_ms)
{
    return ask_text(client, "set", "module", module, timeout_ms, NULL);
}

tm_client_status tm_client_stats(tm_client *client, int timeout_ms, tm_client_event **answer)
{
    return ask(client, "stats", NULL, timeout_ms, answer);
}

tm_client_status tm_client_workers(tm_client *client, int timeout_ms, tm_client_event **answer)
{
    return ask(client, "workers", NULL, timeout_ms, answer);
}

tm_client_status tm_client_crashes(tm_client *client, const char *module, int timeout_ms,
                                   tm_client_event **answer)
{
    return ask_text(client, "crashes", "module", module, timeout_ms, answer);
}

tm_client_status tm_client_cancel(tm_client *client, const char *job, int timeout_ms,
                                  tm_client_event **answer)
{
    return ask_text(client, "cancel", "job", job, timeout_ms, answer);
}

tm_client_status tm_client_cancel_id(tm_client *client, uint64_t id, int timeout_ms,
                                     tm_client_event **answer)
{
    return ask_number(client, "cancel", "target", id, timeout_ms, answer);
}

tm_client_status tm_client_kill(tm_client *client, const char *job, int timeout_ms,
                                tm_client_event **answer)
{
    return ask_text(client, "kill", "job", job, timeout_ms, answer);
}

tm_client_status tm_client_kill_id(tm_client *client, uint64_t id, int timeout_ms,
                                   tm_client_event **answer)
{
    return ask_number(client, "kill", "target", id, timeout_ms, answer);
}

tm_client_status tm_client_kill_worker(tm_client *client, uint64_t worker, int timeout_ms,
                                       tm_client_event **answer)
{
    return ask_number(client, "kill", "worker", worker, timeout_ms, answer);
}

tm_client_status tm_client_pause(tm_client *client, const char *pool, int timeout_ms,
                                 tm_client_event **answer)
{
    return ask_text(client, "pause", "pool", pool, timeout_ms, answer);
}

tm_client_status tm_client_resume(tm_client *client, const char *pool, int timeout_ms,
                                  tm_client_event **answer)
{
    return ask_text(client, "resume", "pool", pool, timeout_ms, answer);
}

/* A negative size is left out. */
static struct tmc_request_field size_field(const char *key, int64_t size)
{
    return (struct tmc_request_field){
        .key = key, .number = size < 0 ? 0 : (uint64_t)size, .wants_zero = size >= 0};
}

tm_client_status tm_client_resize(tm_client *client, const char *pool,
                                  const tm_client_pool_size *size, int timeout_ms,
                                  tm_client_event **answer)
{
    const struct tmc_request_field fields[] = {
        {.key = "pool", .text = pool},
        size_field("pool_start", size->pool_start),
        size_field("pool_max", size->pool_max),
        size_field("job_max", size->job_max),
        {0},
    };
    return ask(client, "resize", fields, timeout_ms, answer);
}

tm_client_status tm_client_recycle(tm_client *client, const char *pool, int timeout_ms,
                                   tm_client_event **answer)
{
    return ask_text(client, "recycle", "pool", pool, timeout_ms, answer);
}

tm_client_status tm_client_recycle_worker(tm_client *client, uint64_t worker, int timeout_ms,
                                          tm_client_event **answer)
{
    return ask_number(client, "recycle", "worker", worker, timeout_ms, answer);
}

tm_client_status tm_client_reload(tm_client *client, int timeout_ms, tm_client_event **answer)
{
    return ask(client, "reload", NULL, timeout_ms, answer);
}

tm_client_status tm_client_reopen(tm_client *client, int timeout_ms, tm_client_event **answer)
{
    return ask(client, "reopen", NULL, timeout_ms, answer);
}

tm_client_status tm_client_drain(tm_client *client, const char *waiting, int timeout_ms,
                                 tm_client_event **answer)
{
    return ask_text(client, "drain", "waiting", waiting, timeout_ms, answer);
}

tm_client_status tm_client_log_level(tm_client *client, const char *level, int timeout_ms,
                                     tm_client_event **answer)
{
    return ask_text(client, "log-level", "level", level, timeout_ms, answer);
}
