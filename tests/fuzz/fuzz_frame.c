/*
 * fuzz_frame: any bytes, in any pieces, through the framing, the parser of headers and the writer
 * of events.
 *
 * The input's first two bytes choose limits and pieces; a client sends the rest. The client sends
 * it twice, whole and in pieces, with a whole turn and with a share of it, and both must have the
 * same meaning. Each header is parsed in the short and in the general way, which must agree. An
 * error about a header must fit into a header line, and this line must be JSON again.
 */
#include "clients/ops/ops.h"
#include "clients/ops/submit_scan.h"
#include "common/json_load.h"
#include "common/limits.h"
#include "common/log.h"
#include "net/conn.h"
#include "protocol/event_writer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    INPUT_MAX = 32 * 1024, /* fits into a socket's buffer in one piece */
    OUTPUT_MAX = 1024 * 1024,
};

/* The parsed requests as a hash, to compare two runs. */
struct trace {
    uint64_t hash;
    size_t headers, messages, ends;
};

/* One connection under test. */
struct session {
    struct conn conn;
    struct trace trace;
    uint64_t payload_max;
    size_t expected; /* announced bytes of payload; 0: none on its way */
    bool kept, freed;
};

static struct event_base *events;
static struct timers timers;
static struct payload_budget budget, output_budget;
static struct conn_loop loop;

static struct session *session_of(struct conn *conn)
{
    return (struct session *)((char *)conn - offsetof(struct session, conn));
}

/* FNV-1a. */
static void note(struct trace *trace, const void *data, size_t len)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < len; i++)
        trace->hash = (trace->hash ^ bytes[i]) * 1099511628211u;
}

static void note_number(struct trace *trace, uint64_t number)
{
    note(trace, &number, sizeof number);
}

static void note_text(struct trace *trace, const char *text)
{
    note(trace, text, strlen(text) + 1);
}

/* --- headers --- */

static void note_request(struct trace *trace, const struct client_request *request)
{
    const struct request *base = &request->peer.base;
    note_text(trace, base->operation ? base->operation->name : "");
    note_number(trace, base->size);
    note_text(trace, base->op.text);
    note(trace, base->id.text, base->id.len + 1);
    note(trace, request->peer.module.text, request->peer.module.len + 1);
    note(trace, base->context.text, base->context.len + 1);
    note_number(trace, request->timeout_ms);
    note_number(trace, request->link + 2u * request->notify);
    note_text(trace, base->client.text);
    note_text(trace, base->token.text);
    note_text(trace, request->job.text);
    note(trace, request->target.text, request->target.len + 1);
    note_text(trace, base->code ? base->code : "");
    note_text(trace, base->message);
}

static uint64_t hash_of(const struct client_request *request)
{
    struct trace trace = {.hash = 1};
    note_request(&trace, request);
    return trace.hash;
}

/* Checks the texts of a request against the protocol's rules. */
static void check_fields(const struct client_request *own, enum verdict verdict,
                         uint64_t payload_max)
{
    const struct request *request = &own->peer.base;
    bug_on((verdict == VERDICT_FINE) != (request->code == NULL));
    bug_on(request->code && !request->message[0]);
    bug_on(verdict != VERDICT_FATAL && request->size > payload_max);
    bug_on(request->id.len != strlen(request->id.text) || request->id.len > ID_TEXT_MAX);
    bug_on(own->peer.module.len != strlen(own->peer.module.text));
    bug_on(own->target.len != strlen(own->target.text) || own->target.len > ID_TEXT_MAX);
    bug_on(request->context.len > CONTEXT_MAX);
    bug_on(request->ignored.len != strlen(request->ignored.text) ||
           request->ignored.len > IGNORED_MAX);
    bug_on(!request->ignored.len != !request->ignored_count);
    bug_on(request->ignored_count && request->operation != &client_op_hello);
    bug_on(verdict == VERDICT_FINE && !request->operation);
    bug_on(verdict == VERDICT_FINE && request->operation == &client_op_submit && !request->id.len);
    if (verdict == VERDICT_FINE && request->context.len) {
        json_error_t error;
        json_t *context =
            json_load_any(request->context.text, request->context.len, JSON_DECODE_ANY, &error);
        bug_on(!context);
        json_decref(context);
    }
}

static struct client_request scanned, general, client;

static const struct protocol protocol = {
    .operations = client_ops,
    .request = &client.peer.base,
    .request_size = sizeof client,
    .scanned_size = CLIENT_REQUEST_SCANNED,
    .scan = submit_scan,
};
static const struct protocol general_protocol = {
    .operations = client_ops,
    .request = &general.peer.base,
    .request_size = sizeof general,
};

/* The general way accepts every header accepted by the short way, with the same fields. */
static enum verdict parse(const char *line, size_t len, uint64_t payload_max)
{
    memset(&scanned, 0, sizeof scanned);
    bool fine = submit_scan(&scanned.peer.base, line, len, payload_max);
    enum verdict expected = request_parse_general(&general_protocol, line, len, payload_max);
    bug_on(fine && expected != VERDICT_FINE);
    bug_on(fine && hash_of(&scanned) != hash_of(&general));
    enum verdict verdict = request_parse(&protocol, line, len, payload_max);
    bug_on(verdict != expected || hash_of(&client) != hash_of(&general));
    check_fields(&client, verdict, payload_max);
    return verdict;
}

/* An answer with every client's text that an event may echo. */
static void answer(struct session *session)
{
    const struct request *request = &client.peer.base;
    struct event_writer event;
    event_begin(&event, &session->conn, "error");
    event_json(&event, "op", request->op.text, request->op.len);
    event_json(&event, "id", request->id.text, request->id.len);
    event_word(&event, "code", request->code ? request->code : "none");
    event_text(&event, "message", request->message, strlen(request->message), MESSAGE_MAX);
    event_text(&event, "client", request->client.text, request->client.len, MESSAGE_MAX);
    event_uint(&event, "size", request->size);
    event_json(&event, "context", request->context.text, request->context.len);
    event_end(&event);
}

static void on_header(struct conn *conn, char *data, size_t len)
{
    const struct request *request = &client.peer.base;
    struct session *session = session_of(conn);
    bug_on(session->expected || len == 0 || len > HEADER_MAX || data[len - 1] != '\n');
    len -= len > 1 && data[len - 2] == '\r' ? 2 : 1;
    char *line = malloc(len ? len : 1); /* exact size: the sanitizer notices a byte too far */
    memcpy(line, data, len);
    enum verdict verdict = parse(line, len, session->payload_max);
    free(line);
    session->trace.headers++;
    note_number(&session->trace, verdict);
    note_request(&session->trace, &client);
    answer(session);
    if (verdict == VERDICT_FATAL) {
        conn_ignore_input(conn);
    } else if (request->size) {
        session->expected = request->size;
        session->kept = verdict == VERDICT_FINE;
        conn_expect(conn, request->size, session->kept, !request->operation);
    }
}

static void note_payload(struct trace *trace, const struct payload *payload)
{
    size_t have = 0;
    for (const struct payload_part *part = payload->first; part; part = part->next) {
        note(trace, part->data, part->len);
        have += part->len;
    }
    bug_on(have != payload->size || have != payload->have);
}

static void on_message(struct conn *conn, struct payload *payload, bool over_budget)
{
    struct session *session = session_of(conn);
    bug_on(!session->expected || (payload && over_budget));
    bug_on(payload ? payload->size != session->expected : session->kept && !over_budget);
    note_number(&session->trace, session->expected);
    note_number(&session->trace, over_budget);
    if (payload)
        note_payload(&session->trace, payload);
    session->trace.messages++;
    session->expected = 0;
    if (payload && payload->size % 2)
        conn_write_payload(conn, payload);
    payload_unref(payload);
}

static void on_header_too_long(struct conn *conn)
{
    note_text(&session_of(conn)->trace, "header-too-long");
    conn_ignore_input(conn);
}

static void on_input_end(struct conn *conn)
{
    session_of(conn)->trace.ends++;
}

static void on_gone(struct conn *conn, const char *why)
{
    (void)why;
    note_text(&session_of(conn)->trace, "gone");
    conn_close(conn);
}

static void on_slow(struct conn *conn, enum conn_slow what)
{
    (void)conn;
    (void)what;
    bug_on(true); /* there are no deadlines here */
}

static void on_free(struct conn *conn)
{
    session_of(conn)->freed = true;
}

static const struct conn_ops ops = {
    .header_end = dialogue_header_end,
    .header = on_header,
    .message = on_message,
    .header_too_long = on_header_too_long,
    .input_end = on_input_end,
    .gone = on_gone,
    .slow = on_slow,
    .free = on_free,
};

/* --- the client's end --- */

static char output[OUTPUT_MAX];
static size_t output_len;

static void take_output(int fd)
{
    ssize_t n;
    while ((n = recv(fd, output + output_len, OUTPUT_MAX - output_len, MSG_DONTWAIT)) > 0)
        output_len += (size_t)n;
    bug_on(output_len == OUTPUT_MAX);
}

static void send_all(struct session *session, int fd, const uint8_t *data, size_t len)
{
    bug_on(send(fd, data, len, MSG_NOSIGNAL) != (ssize_t)len);
    conn_read_now(&session->conn, 1);
    conn_loop_chores(&loop);
    take_output(fd);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Every answer is one line of JSON of at most HEADER_MAX bytes. Echoed payloads are no lines, and
 * are skipped. */
static void check_output(bool echoes)
{
    for (size_t at = 0; !echoes && at < output_len;) {
        const char *lf = memchr(output + at, '\n', output_len - at);
        bug_on(!lf);
        size_t len = (size_t)(lf - output) - at;
        json_error_t error;
        json_t *event = json_load_any(output + at, len, JSON_REJECT_DUPLICATES, &error);
        bug_on(!event || len + 1 > HEADER_MAX);
        json_decref(event);
        at += len + 1;
    }
}

/* `piece`: most bytes at a time; 0: all at once. */
static struct trace run(const uint8_t *data, size_t size, uint64_t payload_max, size_t piece,
                        uint64_t seed)
{
    const struct conn_limits limits = {.output_pause = UINT64_MAX,
                                       .turn_messages = piece ? 1 + (uint32_t)(seed % 3) : 0};
    int pair[2];
    struct session session = {.trace.hash = 14695981039346656037u, .payload_max = payload_max};
    bug_on(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0);
    bug_on(conn_open(&session.conn, &loop, pair[0], &ops, &limits) < 0);
    output_len = 0;
    for (size_t at = 0; at < size;) {
        size_t n = piece ? 1 + (size_t)(next_random(&seed) % piece) : size;
        if (n > size - at)
            n = size - at;
        send_all(&session, pair[1], data + at, n);
        at += n;
    }
    shutdown(pair[1], SHUT_WR);
    conn_read_now(&session.conn, 1);
    conn_loop_chores(&loop);
    bug_on(conn_is_open(&session.conn) && session.trace.ends != 1);
    check_output(session.trace.messages > 0);
    conn_close(&session.conn);
    conn_loop_chores(&loop);
    bug_on(!session.freed || budget.held || budget.arriving_held || output_budget.held);
    close(pair[1]);
    return session.trace;
}

static void set_up(void)
{
    log_configure(LOG_ERROR + 1, LOG_TEXT);
    events = event_base_new();
    timers_init(&timers, 1);
    conn_loop_init(&loop, events, &timers, &budget, &output_budget);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t payload_maxes[] = {0, 20, 5000, 16 << 20};
    static const uint64_t budgets[] = {0, 3000, 6000, 1 << 30};
    static const size_t pieces[] = {1, 2, 7, 100, 1000, 4096, 5000, 9000};
    if (!events)
        set_up();
    if (size < 2 || size > INPUT_MAX)
        return 0;
    uint64_t payload_max = payload_maxes[data[0] & 3];
    budget.max = budgets[data[0] >> 2 & 3];
    size_t piece = pieces[data[1] & 7];
    if (piece < 100 && size > 2000)
        piece = 100; /* a system call a byte is slow */
    struct trace whole = run(data + 2, size - 2, payload_max, 0, 1);
    struct trace split = run(data + 2, size - 2, payload_max, piece, data[1] + 1u);
    bug_on(whole.hash != split.hash || whole.headers != split.headers ||
           whole.messages != split.messages);
    return 0;
}
