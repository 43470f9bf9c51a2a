/* conn_interest: the events of the event loop that serve a connection, and the owner's hold of its
 * input. */
#include "net/conn_internal.h"

/* Nothing is to be read for now. */
static bool is_paused(const struct conn *conn)
{
    return (conn->output_paused || conn->input_held) && !conn->input_ended;
}

/* After EOF the descriptor stays in the poll set, edge-triggered. Level-triggered, the loop would
 * report the EOF for ever; taken out, a later reset would go unnoticed. */
static short wanted(const struct conn *conn)
{
    short interest = EV_PERSIST;
    if (conn->input_ended)
        interest |= EV_READ | EV_ET;
    else if (!is_paused(conn))
        interest |= EV_READ;
    else if (conn->input_held && conn->end_watched)
        interest |= EV_CLOSED | EV_WRITE | EV_ET; /* a reset is told as room for output */
    if (conn->output_blocked)
        interest |= EV_WRITE;
    return interest;
}

static int add_event(struct conn *conn, short interest)
{
    event_callback_fn callback = event_get_callback(&conn->event);
    if (event_assign(&conn->event, conn->loop->base, conn->fd, interest, callback, conn) < 0)
        return -1;
    return event_add(&conn->event, NULL);
}

int conn_interest_update(struct conn *conn)
{
    short interest = wanted(conn);
    /* An edge-triggered event is added anew each time: readiness from before is then reported once
     * more. */
    if (interest == conn->interest && !(interest & EV_ET))
        return 0;
    conn_interest_end(conn);
    if (!(interest & (EV_READ | EV_WRITE)))
        return 0;
    if (add_event(conn, interest) < 0)
        return -1;
    conn->interest = interest;
    return 0;
}

void conn_interest_update_or_gone(struct conn *conn)
{
    if (conn_is_open(conn) && conn_interest_update(conn) < 0)
        conn_gone(conn, "the event loop does not take its descriptor");
}

void conn_interest_end(struct conn *conn)
{
    if (conn->interest)
        event_del(&conn->event);
    conn->interest = 0;
}

bool conn_interest_follow(struct conn *conn)
{
    bool paused = is_paused(conn);
    if (paused == !!(conn->interest & EV_READ))
        conn_interest_update_or_gone(conn);
    return !paused && conn_is_open(conn);
}

/* --- the owner's hold --- */

void conn_hold_input(struct conn *conn)
{
    conn->input_held = true;
}

void conn_release_input(struct conn *conn)
{
    if (!conn->input_held)
        return;
    conn->input_held = false;
    conn_line_put_off(conn, EV_READ);
}
