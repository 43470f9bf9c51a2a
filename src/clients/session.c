/* client_session: see session.h. */
#include "clients/session.h"
#include "clients/awaited.h"
#include "clients/clients_internal.h"
#include "clients/monitor_news.h"
#include "clients/selections.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "jobs/pools.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEHIND_MS = 10 }; /* from one look for an unread hello to the next */

/* --- all sessions --- */

/* The numbers are our own, so each is its hash. */
struct client_session *client_session_find(const struct clients *clients, uint64_t number)
{
    struct hash_node *node = hash_first(&clients->by_number, number);
    return node ? (struct client_session *)((char *)node -
                                            offsetof(struct client_session, by_number))
                : NULL;
}

/* --- states --- */

static void leave_unauthenticated(struct client_session *session)
{
    if (!session->dialogue.greeted)
        unauthenticated_remove(&session->clients->admit.unauthenticated, &session->unauthenticated);
}

static void turn_unauthenticated(struct client_session *session, enum unauthenticated_kind kind)
{
    if (!session->dialogue.greeted)
        unauthenticated_turn(&session->clients->admit.unauthenticated, &session->unauthenticated,
                             kind);
}

static void enter(struct client_session *session, enum session_state state)
{
    switch (state) {
    case SESSION_SUSPECT:
        turn_unauthenticated(session, UNAUTHENTICATED_REFUSED);
        break;
    case SESSION_OPEN:
        leave_unauthenticated(session);
        session->clients->connected++;
        break;
    case SESSION_ENDING:
        turn_unauthenticated(session, UNAUTHENTICATED_TOLD);
        break;
    case SESSION_LINGER:
        client_monitors_release(session);
        break;
    case SESSION_CLOSED:
        client_monitors_release(session);
        leave_unauthenticated(session);
        session->clients->open--;
        session->clients->connected -= session->dialogue.greeted;
        break;
    default:
        break;
    }
}

/* Each session ends to be read once, whatever the reason. */
static void end_reading(struct client_session *session)
{
    session->clients->reading--;
    client_services_release(session);
    client_watch_end(session);
}

void client_session_set_state(struct client_session *session, enum session_state state)
{
    static const unsigned char from[SESSION_STATES] = {
        [SESSION_SUSPECT] = 1u << SESSION_NEW,
        [SESSION_OPEN] = 1u << SESSION_NEW,
        [SESSION_ENDING] = 1u << SESSION_NEW | 1u << SESSION_SUSPECT | 1u << SESSION_OPEN,
        [SESSION_LINGER] = 1u << SESSION_ENDING,
        [SESSION_CLOSED] = (1u << SESSION_CLOSED) - 1,
    };
    bug_on(!(from[state] & 1u << session->state));
    bool was_read = client_session_is_read(session);
    session->state = (uint8_t)state;
    enter(session, state);
    if (was_read && !client_session_is_read(session))
        end_reading(session);
}

/* --- the end --- */

const char *client_end_name(enum client_end end)
{
    static const char *const names[] = {
        [CLIENT_STAYS] = "closed", [CLIENT_CLOSED] = "closed", [CLIENT_BYE] = "bye",
        [CLIENT_RESET] = "reset",  [CLIENT_SLOW] = "slow",     [CLIENT_ERROR] = "error",
    };
    return names[end];
}

void client_session_note_end(struct client_session *session, enum client_end end)
{
    if (session->end == CLIENT_STAYS || end == CLIENT_SLOW)
        session->end = (uint8_t)end;
}

void client_session_close(struct client_session *session, const char *why)
{
    if (session->state == SESSION_CLOSED)
        return;
    log_event(LOG_DEBUG, "client-closed", LOG_STR("client", session->name), LOG_STR("why", why),
              LOG_STR("reason", client_end_name(session->end)),
              LOG_UINT("jobs", session->source.job_count));
    timer_clear(client_session_timers(session), &session->timer);
    client_session_set_state(session, SESSION_CLOSED);
    client_watch_tell(session, "closed", client_end_name(session->end));
    client_awaited_forget(session);
    client_reader_forget(session);
    client_selections_forget(session);
    client_monitor_news_client_ended(session, client_end_name(session->end));
    conn_close(&session->conn);
    pools_source_gone(session->clients->pools, &session->source);
}

void client_session_drop(struct client_session *session, const char *why, const char *hint)
{
    client_log_dropped(session, why, hint);
    client_session_note_end(session, CLIENT_SLOW);
    client_session_close(session, why);
}

void client_session_settle(struct client_session *session)
{
    if (session->state != SESSION_ENDING || session->source.job_count || session->awaited ||
        session->selections || session->conn.output_len)
        return;
    if (session->conn.input_ended) {
        client_session_close(session, "end of input");
        return;
    }
    client_session_set_state(session, SESSION_LINGER);
    timer_set_ms(client_session_timers(session), &session->timer,
                 session->clients->settings->linger_ms);
    conn_shut_output(&session->conn);
}

/* In batches, for there may be very many jobs. */
static void cut_ties(struct client_session *session)
{
    if (!pools_source_ended(session->clients->pools, &session->source))
        timer_set_next(client_session_timers(session), &session->timer);
}

static void forget_message(struct client_session *session)
{
    if (session->arriving)
        job_free(session->arriving);
    session->arriving = NULL;
    free(session->arriving_service);
    session->arriving_service = NULL;
    dialogue_free(&session->dialogue);
}

void client_session_end(struct client_session *session)
{
    if (!client_session_is_read(session))
        return;
    client_session_set_state(session, SESSION_ENDING);
    timer_clear(client_session_timers(session), &session->timer);
    conn_ignore_input(&session->conn);
    forget_message(session);
    cut_ties(session);
    client_session_settle(session);
}

void client_session_free(struct client_session *session)
{
    struct clients *clients = session->clients;
    if (!pools_source_gone(clients->pools, &session->source)) {
        timer_set_next(client_session_timers(session), &session->timer);
        return;
    }
    client_tokens_forget(session);
    client_draining_forget(session);
    client_places_forget(&clients->places, session, TAILQ_NEXT(session, link));
    TAILQ_REMOVE(&clients->sessions, session, link);
    hash_remove(&clients->by_number, &session->by_number);
    forget_message(session);
    free(session->module);
    free(session->client);
    job_origin_unref(session->origin);
    free(session);
}

/* --- faults --- */

void client_session_fail_with(struct client_session *session, struct refusal *refusal)
{
    if (client_session_is_read(session))
        dialogue_fail(&session->dialogue, refusal);
}

void client_session_fail(struct client_session *session, const char *code, const char *message)
{
    struct refusal refusal;
    refusal_init(&refusal, code, message);
    client_session_fail_with(session, &refusal);
}

void client_session_fail_later(struct client_session *session)
{
    client_session_set_state(session, SESSION_SUSPECT);
    timer_set(client_session_timers(session), &session->timer,
              client_tokens_delay(session->clients));
}

/* --- the beginning --- */

/* No hello came in time. An unread one is read first. */
static void on_hello_late(struct client_session *session)
{
    char text[REQUEST_MESSAGE_MAX];
    if (conn_has_unread(&session->conn)) {
        timer_set_ms(client_session_timers(session), &session->timer, BEHIND_MS);
        return;
    }
    snprintf(text, sizeof text, "no hello came within hello-timeout-ms, %" PRIu32 " ms",
             session->hello_limit_ms);
    client_session_fail(session, "too-slow", text);
}

static void on_timer(void *arg)
{
    struct client_session *session = arg;
    switch ((enum session_state)session->state) {
    case SESSION_NEW:
        on_hello_late(session);
        break;
    case SESSION_SUSPECT:
        client_session_fail_with(session, session->dialogue.refusal);
        break;
    case SESSION_ENDING:
        cut_ties(session);
        break;
    case SESSION_LINGER:
        client_session_close(session, "linger-ms is over");
        break;
    case SESSION_CLOSED:
        client_session_free(session);
        break;
    default:
        bug_on(true); /* nothing is waited for */
    }
}

struct client_session *client_session_new(struct clients *clients, const char *address)
{
    size_t room = strlen(address) + 24;
    struct client_session *session = xcalloc(1, sizeof *session + room);
    session->clients = clients;
    session->source.number = session->number = ++clients->last_number;
    session->source.name = session->name;
    session->source.event = client_replies_on_job;
    session->source.left = client_job_ids_on_left;
    LIST_INIT(&session->source.jobs);
    LIST_INIT(&session->services);
    timer_init(&session->timer, on_timer, session);
    snprintf(session->name, room, "%" PRIu64 "@%s", session->number, address);
    return session;
}

void client_session_begin(struct client_session *session)
{
    struct clients *clients = session->clients;
    struct timers *timers = client_session_timers(session);
    TAILQ_INSERT_TAIL(&clients->sessions, session, link);
    hash_insert(&clients->by_number, &session->by_number, session->number);
    session->connected_us = timers->now_us;
    clients->open++;
    clients->reading++;
    unauthenticated_add(&clients->admit.unauthenticated, &session->unauthenticated, &session->conn,
                        timers->now_us);
    session->hello_limit_ms = clients->settings->hello_timeout_ms;
    timer_set_ms(timers, &session->timer, session->hello_limit_ms);
    log_event(LOG_DEBUG, "client-connected", LOG_STR("client", session->name));
    client_watch_tell(session, "connected", NULL);
}

void client_session_greet(struct client_session *session, uint64_t token)
{
    client_session_set_state(session, SESSION_OPEN);
    timer_clear(client_session_timers(session), &session->timer);
    session->conn.limits = &session->clients->limits.authenticated;
    session->token_digest = token;
}
