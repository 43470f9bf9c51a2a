/*
 * conn_queue: a connection's waiting output: a queue of pieces, freed when the connection closes.
 *
 * Freeing gigabytes takes a second. So the output of a closed connection leaves it at once, and is
 * freed a batch in each turn of the loop. A little output is freed in the same turn. The budget for
 * output counts it until then.
 */
#include "net/conn_internal.h"

#include "common/limits.h"
#include "common/log.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

enum {
    ITEM_BYTES = 16 * 1024, /* room in a piece of gathered output */
    SWEEP_ITEMS = 512,      /* pieces freed in one turn */
};

/* A piece of output: bytes of its own, or a payload, written from its place. */
struct conn_item {
    TAILQ_ENTRY(conn_item) link;
    struct payload *payload;   /* NULL: bytes of its own */
    struct payload_part *part; /* the next part to be written */
    size_t start;              /* written so far, of the bytes or of the part */
    size_t len;                /* of the bytes */
    size_t room; /* memory in bytes: of `data`, charged to the budget for output, or of the payload,
                    held whole until its last byte is written */
    char data[];
};

/* --- connections with gathered output --- */

static void mark(struct conn *conn)
{
    if (conn->is_dirty)
        return;
    conn->is_dirty = true;
    conn->loop->dirty_count++;
    TAILQ_INSERT_TAIL(&conn->loop->dirty, conn, dirty_link);
}

void conn_queue_unmark(struct conn *conn)
{
    if (!conn->is_dirty)
        return;
    conn->is_dirty = false;
    conn->loop->dirty_count--;
    TAILQ_REMOVE(&conn->loop->dirty, conn, dirty_link);
}

/* --- the queue --- */

static void free_item(struct conn_loop *loop, struct conn_item *item)
{
    if (!item->payload)
        loop->output->held -= item->room;
    payload_unref(item->payload);
    free(item);
}

static struct conn_item *new_item(struct conn *conn, size_t bytes)
{
    struct conn_item *item = xmalloc(sizeof(struct conn_item) + bytes);
    item->payload = NULL;
    item->part = NULL;
    item->start = item->len = 0;
    item->room = bytes;
    conn->loop->output->held += bytes;
    conn->output_held += bytes;
    TAILQ_INSERT_TAIL(&conn->output, item, link);
    return item;
}

char *conn_room(struct conn *conn, size_t len)
{
    struct conn_item *item = TAILQ_LAST(&conn->output, conn_item_list);
    bug_on(len > ITEM_BYTES || !conn_is_open(conn));
    if (!item || item->payload || ITEM_BYTES - item->len < len)
        item = new_item(conn, ITEM_BYTES);
    return item->data + item->len;
}

void conn_commit(struct conn *conn, size_t len)
{
    TAILQ_LAST(&conn->output, conn_item_list)->len += len;
    conn->output_len += len;
    mark(conn);
}

void conn_write(struct conn *conn, const void *data, size_t len)
{
    const char *from = data;
    while (len && conn_is_open(conn)) {
        size_t n = len < HEADER_MAX ? len : HEADER_MAX;
        memcpy(conn_room(conn, n), from, n);
        conn_commit(conn, n);
        from += n;
        len -= n;
    }
}

void conn_write_payload(struct conn *conn, struct payload *payload)
{
    if (!conn_is_open(conn) || !payload->size)
        return;
    if (payload->size <= CONN_COPY_MAX) {
        for (struct payload_part *part = payload->first; part; part = part->next)
            conn_write(conn, part->data, part->len);
        return;
    }
    struct conn_item *item = new_item(conn, 0);
    item->payload = payload_ref(payload);
    item->part = payload->first;
    item->room = payload->size;
    conn->output_held += payload->size;
    conn->output_len += payload->size;
    mark(conn);
}

/* False when there is no room for another. */
static bool add_piece(struct iovec *iov, size_t *left, char *data, size_t len, size_t *room)
{
    size_t n = len < *room ? len : *room;
    *iov = (struct iovec){data, n};
    *room -= n;
    return --*left && *room;
}

size_t conn_queue_gather(struct conn *conn, struct iovec *iov, size_t most_pieces, size_t most,
                         size_t *total)
{
    struct conn_item *item;
    size_t room = most;
    size_t left = most_pieces;
    bool more = true;
    for (item = TAILQ_FIRST(&conn->output); item && more; item = TAILQ_NEXT(item, link)) {
        size_t start = item->start;
        struct payload_part *part = item->part;
        if (!item->payload)
            more = add_piece(iov++, &left, item->data + start, item->len - start, &room);
        for (; part && more; part = part->next, start = 0)
            more = add_piece(iov++, &left, part->data + start, part->len - start, &room);
    }
    *total = most - room;
    return most_pieces - left;
}

/* Takes `len` written bytes off one item; true when the item is written whole. */
static bool advance(struct conn_item *item, size_t *len)
{
    while (item->payload ? item->part != NULL : item->start < item->len) {
        size_t left = (item->payload ? item->part->len : item->len) - item->start;
        size_t n = *len < left ? *len : left;
        item->start += n;
        *len -= n;
        if (n < left)
            return false;
        if (!item->payload)
            break;
        item->part = item->part->next;
        item->start = 0;
    }
    return true;
}

void conn_queue_written(struct conn *conn, size_t len)
{
    struct conn_item *item;
    conn->output_len -= len;
    conn->written += len;
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): blind to TAILQ's links */
    while ((item = TAILQ_FIRST(&conn->output)) && advance(item, &len)) {
        TAILQ_REMOVE(&conn->output, item, link);
        conn->output_held -= item->room;
        free_item(conn->loop, item);
    }
}

/* --- the end --- */

void conn_queue_drop(struct conn *conn)
{
    struct conn_loop *loop = conn->loop;
    bool is_first = TAILQ_EMPTY(&loop->dropped);
    TAILQ_CONCAT(&loop->dropped, &conn->output, link);
    conn->output_len = conn->output_held = 0;
    if (is_first) /* otherwise later turns sweep */
        conn_queue_sweep(loop);
}

bool conn_queue_sweep(struct conn_loop *loop)
{
    struct conn_item *item;
    bool swept = payload_sweep(loop->budget);
    swept = payload_sweep(loop->output) && swept;
    for (int n = 0; n < SWEEP_ITEMS && swept && (item = TAILQ_FIRST(&loop->dropped)); n++) {
        TAILQ_REMOVE(&loop->dropped, item, link);
        free_item(loop, item);
        swept = !loop->budget->dropped && !loop->output->dropped;
    }
    return swept && TAILQ_EMPTY(&loop->dropped);
}
