/* conn_interest: the events of the event loop that serve a connection. */
#include "net/conn_internal.h"

/* After EOF the descriptor stays in the poll set, edge-triggered. Level-triggered, the loop would
 * report the EOF for ever; taken out, a later reset would go unnoticed. */
static short wanted(const struct conn *conn)
{
    short interest = EV_PERSIST;
    if (conn->input_ended)
        interest |= EV_READ | EV_ET;
    else if (!conn->output_paused)
        interest |= EV_READ;
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
