/* client_session: see session.h. */
#include "clients/session.h"
#include "clients/clients_internal.h"

#include "common/limits.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "net/address.h"
#include "protocol/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OUTPUT_PAUSE = 256 * 1024, /* bytes that wait before a client is not read from any more */
    TURN_MESSAGES = 1024,      /* a client's share of a turn: a millisecond or two of submits, */
    TURN_OUTPUT = 64 * 1024,   /* or of answers such as stats, which cost by their length */
    BEHIND_MS = 10,            /* from one look for an unread hello to the next */
    REFUSED_MAX = 64,          /* connections over client-max that are told so at the same time */
};

/* --- ending --- */

void client_session_close(struct client_session *session, const char *why)
{
    if (!conn_is_open(&session->conn))
        return;
    log_event(LOG_DEBUG, "client-closed", LOG_STR("client", session->name), LOG_STR("why", why),
              LOG_UINT("jobs", session->source.job_count));
    timer_clear(client_session_timers(session), &session->timer);
    session->clients->open--;
    if (session->state == SESSION_OPEN)
        session->clients->reading--;
    client_admit_leave(session);
    conn_close(&session->conn);
    dispatcher_source_gone(session->clients->dispatcher, &session->source);
}

/* Not by its own wish, and with events that it will never see: the operator should know. */
void client_session_drop(struct client_session *session, const char *why, const char *hint)
{
    if (log_limit_allows(&session->clients->dropped))
        log_event(LOG_WARN, "client-dropped", LOG_STR("client", session->name), LOG_STR("why", why),
                  LOG_UINT("jobs", session->source.job_count),
                  LOG_UINT("bytes_unread", session->conn.output_len), LOG_STR("hint", hint));
    client_session_close(session, why);
}

/* Goes on to end a session when nothing is left to be delivered. */
void client_session_settle(struct client_session *session)
{
    if (session->state != SESSION_ENDING || session->source.job_count || session->conn.output_len)
        return;
    if (session->conn.input_ended) {
        client_session_close(session, "end of input");
        return;
    }
    session->state = SESSION_LINGER;
    timer_set_ms(client_session_timers(session), &session->timer,
                 session->clients->settings->linger_ms);
    conn_shut_output(&session->conn);
}

static void cut_ties(struct client_session *session)
{
    if (!dispatcher_source_ended(session->clients->dispatcher, &session->source))
        timer_set_next(client_session_timers(session), &session->timer);
}

/* No request is read any more. Ties are cut: that ends jobs, whose events are still delivered. */
void client_session_end_input(struct client_session *session)
{
    if (session->state != SESSION_OPEN || !conn_is_open(&session->conn))
        return;
    session->state = SESSION_ENDING;
    session->clients->reading--;
    timer_clear(client_session_timers(session), &session->timer);
    if (!session->greeted)
        unauthenticated_turn(&session->clients->unauthenticated, &session->unauthenticated,
                             UNAUTHENTICATED_TOLD);
    conn_ignore_input(&session->conn);
    if (session->arriving)
        job_free(session->arriving);
    session->arriving = NULL;
    free(session->refusal);
    session->refusal = NULL;
    cut_ties(session);
    client_session_settle(session);
}

static void release(void *arg)
{
    struct client_session *session = arg;
    struct clients *clients = session->clients;
    if (!dispatcher_source_gone(clients->dispatcher, &session->source)) {
        timer_set_next(client_session_timers(session), &session->timer);
        return;
    }
    client_tokens_forget(session);
    TAILQ_REMOVE(&clients->sessions, session, link);
    if (session->arriving)
        job_free(session->arriving);
    free(session->refusal);
    free(session->module);
    free(session);
}

void client_session_free(struct client_session *session)
{
    timer_init(&session->timer, release, session);
    release(session);
}

/* --- faults --- */

void client_session_fail_with(struct client_session *session, struct refusal *refusal)
{
    if (session->state != SESSION_OPEN)
        return;
    if (log_limit_allows(&session->clients->errors))
        log_event(LOG_INFO, "client-error", LOG_STR("client", session->name),
                  LOG_STR("code", refusal->code), LOG_STR("message", refusal->message));
    client_refusal_write(session, refusal, true);
    client_session_end_input(session);
}

void client_session_fail(struct client_session *session, const struct request *request,
                         const char *code, const char *message)
{
    struct refusal refusal;
    client_refusal_init(&refusal, request, code, message);
    client_session_fail_with(session, &refusal);
}

/* The payload of the request passes first, if there is one. */
static void refuse(struct client_session *session, const struct request *request)
{
    struct refusal refusal;
    client_refusal_init(&refusal, request, request->code, request->message);
    if (!request->size) {
        client_refusal_write(session, &refusal, false);
        return;
    }
    session->refusal = xmalloc(sizeof refusal);
    *session->refusal = refusal;
    conn_expect(&session->conn, request->size, false, false);
}

/* Nothing else of the connection is read. */
static void refuse_later(struct client_session *session, const struct request *request)
{
    struct clients *clients = session->clients;
    session->refusal = xmalloc(sizeof *session->refusal);
    client_refusal_init(session->refusal, request, request->code, request->message);
    conn_ignore_input(&session->conn);
    unauthenticated_turn(&clients->unauthenticated, &session->unauthenticated,
                         UNAUTHENTICATED_REFUSED);
    timer_set(client_session_timers(session), &session->timer, client_tokens_delay(clients));
}

void client_session_refuse_job(struct client_session *session, struct job *job)
{
    struct refusal refusal;
    client_refusal_init_duplicate(&refusal, job);
    job_free(job);
    client_refusal_write(session, &refusal, false);
}

void client_session_apply(struct client_session *session, const struct request *request,
                          enum request_verdict verdict)
{
    switch (verdict) {
    case REQUEST_FINE:
        break;
    case REQUEST_WRONG:
        refuse(session, request);
        break;
    case REQUEST_BROKEN:
        client_session_fail(session, request, request->code, request->message);
        break;
    case REQUEST_DELAYED:
        refuse_later(session, request);
        break;
    }
}

void client_session_greet(struct client_session *session, uint64_t token)
{
    struct clients *clients = session->clients;
    unauthenticated_remove(&clients->unauthenticated, &session->unauthenticated);
    timer_clear(client_session_timers(session), &session->timer);
    session->conn.limits = &clients->limits;
    session->token_digest = token;
    session->greeted = true;
    clients->connected++;
}

/* No hello came in time. One that lies in the socket is read first. */
static void on_hello_late(struct client_session *session)
{
    char text[REQUEST_MESSAGE_MAX];
    if (conn_has_unread(&session->conn)) {
        timer_set_ms(client_session_timers(session), &session->timer, BEHIND_MS);
        return;
    }
    snprintf(text, sizeof text, "no hello came within hello-timeout-ms, %" PRIu32 " ms",
             session->hello_limit_ms);
    client_session_fail(session, NULL, "too-slow", text);
}

static void on_timer(void *arg)
{
    struct client_session *session = arg;
    if (session->state == SESSION_ENDING)
        cut_ties(session);
    else if (session->state == SESSION_LINGER)
        client_session_close(session, "linger-ms is over");
    else if (client_session_is_suspect(session))
        client_session_fail_with(session, session->refusal);
    else
        on_hello_late(session);
}

/* --- all sessions --- */

void clients_init(struct clients *clients)
{
    hash_init(&clients->jobs_by_id);
    TAILQ_INIT(&clients->sessions);
    client_admit_init(clients);
    client_tokens_init(clients);
    log_limit_init(&clients->errors, clients->loop->timers, LOG_INFO, "client-error");
    log_limit_init(&clients->truncated, clients->loop->timers, LOG_INFO, "client-truncated");
    log_limit_init(&clients->dropped, clients->loop->timers, LOG_WARN, "client-dropped");
    log_limit_init(&clients->refused, clients->loop->timers, LOG_ERROR, "client-refused");
}

void clients_free(struct clients *clients)
{
    bug_on(!TAILQ_EMPTY(&clients->sessions));
    log_limit_end(&clients->errors);
    log_limit_end(&clients->truncated);
    log_limit_end(&clients->dropped);
    log_limit_end(&clients->refused);
    timer_clear(clients->loop->timers, &clients->sweep);
    timer_clear(clients->loop->timers, &clients->revoke);
    hash_free(&clients->jobs_by_id);
}

void clients_configure(struct clients *clients, const struct client_settings *settings,
                       const struct access_settings *access)
{
    clients->settings = settings;
    clients->access = access;
    clients->limits = (struct conn_limits){
        .header_timeout_ms = settings->header_timeout_ms,
        .payload_timeout_ms = settings->payload_timeout_ms,
        .output_timeout_ms = settings->output_timeout_ms,
        .output_pause = OUTPUT_PAUSE,
        .turn_messages = TURN_MESSAGES,
        .turn_output = TURN_OUTPUT,
    };
    clients->unauthenticated_limits = clients->limits;
    clients->unauthenticated_limits.behind = true;
    client_tokens_configure(clients);
}

static struct client_session *session_new(struct clients *clients, const char *address)
{
    size_t room = strlen(address) + 24;
    struct client_session *session = xcalloc(1, sizeof *session + room);
    session->clients = clients;
    session->number = ++clients->last_number;
    session->payload_max = (uint32_t)clients->settings->payload_max;
    session->source.name = session->name;
    session->source.event = client_replies_on_job;
    session->source.left = client_job_ids_on_left;
    LIST_INIT(&session->source.jobs);
    timer_init(&session->timer, on_timer, session);
    snprintf(session->name, room, "%" PRIu64 "@%s", session->number, address);
    return session;
}

/* Clients have all the descriptors that workers leave them, so this connection is refused and
 * closed at once. Its hello is taken off the socket first: closing with unread input would send a
 * reset, which may overtake the words. */
static void turn_away(struct clients *clients, int fd, const char *address)
{
    static const char words[] =
        "{\"event\":\"error\",\"code\":\"too-many-clients\",\"message\":\"the server's limit of "
        "open files has no room for more clients beside its workers\",\"fatal\":true}\n";
    char hello[HEADER_MAX];
    if (log_limit_allows(&clients->refused))
        log_event(LOG_ERROR, "client-refused", LOG_STR("client", address),
                  LOG_STR("why", "what is left of the limit of open files is for workers"),
                  LOG_UINT("clients", clients->open));
    (void)!recv(fd, hello, sizeof hello, MSG_DONTWAIT);
    (void)!send(fd, words, sizeof words - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    close(fd);
}

void clients_accept(struct clients *clients, int fd, const struct sockaddr *addr,
                    socklen_t addr_len)
{
    char address[ADDRESS_TEXT_MAX];
    address_format(addr, addr_len, address);
    if (clients->files_max && clients->open >= clients->files_max &&
        !client_admit_make_way(clients)) {
        turn_away(clients, fd, address);
        return;
    }
    if (clients->open >=
        (size_t)clients->settings->client_max + UNAUTHENTICATED_MAX + REFUSED_MAX) {
        close(fd);
        return;
    }
    struct client_session *session = session_new(clients, address);
    if (conn_open(&session->conn, clients->loop, fd, &client_input_ops,
                  &clients->unauthenticated_limits) < 0) {
        if (log_limit_allows(&clients->refused))
            log_event(LOG_ERROR, "client-refused", LOG_STR("client", session->name),
                      LOG_STR("why", "the event loop does not take its descriptor"));
        close(fd);
        free(session);
        return;
    }
    TAILQ_INSERT_TAIL(&clients->sessions, session, link);
    clients->open++;
    clients->reading++;
    client_admit_new(session);
}

size_t clients_output(const struct clients *clients)
{
    const struct client_session *session;
    size_t bytes = 0;
    TAILQ_FOREACH (session, &clients->sessions, link)
        bytes += session->conn.output_len;
    return bytes;
}

void clients_listen(struct clients *clients)
{
    struct client_session *session;
    TAILQ_FOREACH (session, &clients->sessions, link)
        session->conn.heard = false;
}

static bool is_silent(const struct client_session *session)
{
    const struct conn *conn = &session->conn;
    return !conn->heard && !conn_is_amid(conn) && !conn->backlog && !conn_has_unread(conn);
}

/* A session is freed at the end of the turn, so the list stays. */
void clients_end_silent(struct clients *clients)
{
    struct client_session *session;
    TAILQ_FOREACH (session, &clients->sessions, link)
        if (session->state == SESSION_OPEN && is_silent(session))
            client_session_end_input(session);
}

void clients_end(struct clients *clients)
{
    struct client_session *session;
    TAILQ_FOREACH (session, &clients->sessions, link)
        client_session_end_input(session);
}

void clients_close(struct clients *clients)
{
    struct client_session *session;
    TAILQ_FOREACH (session, &clients->sessions, link)
        client_session_close(session, "the server ends");
}
