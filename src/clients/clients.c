/* clients: see clients.h. */
#include "clients/clients.h"
#include "clients/awaited.h"
#include "clients/clients_internal.h"
#include "clients/monitor_news.h"
#include "clients/service_jobs.h"

#include "common/limits.h"
#include "common/log.h"
#include "net/address.h"
#include "net/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    OUTPUT_PAUSE = 256 * 1024, /* bytes of unread output before a client's input is left alone */
    TURN_MESSAGES = 1024,      /* a client's share of a turn: a millisecond or two of submits, */
    TURN_OUTPUT = 64 * 1024,   /* or of answers such as stats: these cost by their length */
    REFUSED_MAX = 64,          /* connections over client-max, told so at the same time */
    ROOM_TRIES = 4,            /* unauthenticated connections looked at for each new one, */
    SWEEP_BATCH = 64,          /* or in a turn */
    REVOKE_BATCH = 256,        /* sessions looked at in a turn */
};

/* --- too many unauthenticated connections --- */

/* Writes the last words as far as the kernel takes them: there is no place for the connection to
 * linger. */
static void end_unauthenticated(struct client_session *session)
{
    char text[REQUEST_MESSAGE_MAX];
    snprintf(text, sizeof text, "no hello came, and %d other connections have said none",
             UNAUTHENTICATED_MAX);
    if (session->state != SESSION_SUSPECT)
        client_session_fail(session, "too-slow", text);
    if (session->conn.output_len)
        conn_flush(&session->conn);
    client_session_close(session, "too many connections without a hello");
}

static void end_surplus(struct clients *clients, int tries)
{
    struct client_session *session;
    while ((session = client_admit_surplus(clients, &tries)))
        end_unauthenticated(session);
    client_admit_watch(clients);
}

/* Ends surplus connections after their grace, though no new one comes. */
static void on_sweep(void *arg)
{
    end_surplus(arg, SWEEP_BATCH);
}

/* Frees a descriptor. False if no unauthenticated connection can go. */
static bool make_way(struct clients *clients)
{
    int tries = ROOM_TRIES;
    struct client_session *session = client_admit_oldest(clients, &tries);
    if (session)
        end_unauthenticated(session);
    return session != NULL;
}

/* --- revoked tokens --- */

static void on_revoke(void *arg)
{
    struct clients *clients = arg;
    struct client_session *session;
    int tries = REVOKE_BATCH;
    while ((session = client_tokens_next_revoked(clients, &tries)))
        client_session_fail(session, "unauthorized",
                            "the token of this connection is not one of this server's any more");
    client_tokens_watch(clients);
}

/* --- selections --- */

static void on_selection(void *arg)
{
    struct client_session *session = client_selections_go_on(arg);
    if (session)
        client_session_settle(session);
}

/* --- a drain --- */

static void on_draining(void *arg)
{
    client_draining_tell_some(arg);
}

/* --- a new connection --- */

/* Refuses a connection and closes it at once: all descriptors left are for workers. The hello is
 * taken off the socket first: closing with unread input would send a reset, and the reset may
 * overtake the message. */
static void turn_away(struct clients *clients, int fd, const char *address)
{
    static char words[] =
        "{\"event\":\"error\",\"code\":\"too-many-clients\",\"message\":\"the server's limit of "
        "open files has no room for more clients beside its workers\",\"fatal\":true}\n";
    char hello[HEADER_MAX];
    client_log_refused(clients, address, "what is left of the limit of open files is for workers");
    (void)!transport_read(fd, (struct iovec[2]){{.iov_len = 0}, {hello, sizeof hello}});
    (void)!transport_write(fd, &(struct iovec){words, sizeof words - 1}, 1);
    transport_close(fd);
}

static void open_session(struct clients *clients, int fd, const char *address)
{
    struct client_session *session = client_session_new(clients, address);
    if (client_input_open(session, fd) < 0) {
        client_log_refused(clients, session->name, "the event loop does not take its descriptor");
        close(fd);
        free(session);
        return;
    }
    client_session_begin(session);
    conn_poll(&session->conn); /* the hello has come already, mostly */
    end_surplus(clients, ROOM_TRIES);
}

void clients_accept(struct clients *clients, int fd, const struct sockaddr *addr,
                    socklen_t addr_len)
{
    char address[ADDRESS_TEXT_MAX];
    size_t most = (size_t)clients->settings->client_max + UNAUTHENTICATED_MAX + REFUSED_MAX;
    address_format(addr, addr_len, address);
    if (clients->files_max && clients->open >= clients->files_max && !make_way(clients))
        turn_away(clients, fd, address);
    else if (clients->open >= most)
        close(fd);
    else
        open_session(clients, fd, address);
}

/* --- all connections --- */

void clients_init(struct clients *clients)
{
    hash_init(&clients->by_number);
    hash_init(&clients->jobs_by_id);
    TAILQ_INIT(&clients->sessions);
    TAILQ_INIT(&clients->awaited);
    client_draining_init(&clients->draining, on_draining, clients);
    client_admit_init(&clients->admit, on_sweep, clients);
    client_tokens_init(&clients->tokens, on_revoke, clients);
    client_detached_init(clients);
    client_services_init(&clients->services, client_service_jobs_prepare);
    client_watches_init(&clients->watches, clients);
    client_places_init(&clients->places);
    client_selections_init(&clients->selections, on_selection, clients);
    client_monitors_init(clients);
    client_monitor_news_init(clients);
    client_log_init(&clients->log, clients->loop->timers);
}

void clients_free(struct clients *clients)
{
    bug_on(!TAILQ_EMPTY(&clients->sessions));
    client_places_free(&clients->places);
    client_selections_free(&clients->selections, clients->loop->timers);
    client_log_free(&clients->log);
    client_detached_free(clients);
    client_services_free(&clients->services);
    client_monitors_free(&clients->monitors);
    client_tokens_free(&clients->tokens, clients->loop->timers);
    client_draining_free(&clients->draining, clients->loop->timers);
    client_admit_free(&clients->admit, clients->loop->timers);
    hash_free(&clients->jobs_by_id);
    hash_free(&clients->by_number);
}

void clients_configure(struct clients *clients, const struct client_settings *settings,
                       const struct access_settings *access)
{
    clients->settings = settings;
    clients->access = access;
    clients->limits.authenticated = (struct conn_limits){
        .header_timeout_ms = settings->header_timeout_ms,
        .payload_timeout_ms = settings->payload_timeout_ms,
        .output_timeout_ms = settings->output_timeout_ms,
        .output_pause = OUTPUT_PAUSE,
        .turn_messages = TURN_MESSAGES,
        .turn_output = TURN_OUTPUT,
    };
    clients->limits.unauthenticated = clients->limits.authenticated;
    clients->limits.unauthenticated.behind = true;
    client_tokens_configure(clients);
}

void clients_reloaded(struct clients *clients, const char *why)
{
    struct client_session *session;
    while ((session = client_awaited_tell_next(clients, why)))
        client_session_settle(session);
}

void clients_tell_draining(struct clients *clients)
{
    client_draining_begin(clients);
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
        if (client_session_is_read(session) && is_silent(session))
            client_session_end(session);
}

void clients_end(struct clients *clients)
{
    struct client_session *session;
    TAILQ_FOREACH (session, &clients->sessions, link)
        client_session_end(session);
}

void clients_close(struct clients *clients)
{
    struct client_session *session;
    TAILQ_FOREACH (session, &clients->sessions, link)
        client_session_close(session, "the server ends");
}
