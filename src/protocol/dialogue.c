/* dialogue: see dialogue.h. */
#include "protocol/dialogue.h"

#include "common/limits.h"
#include "common/log.h"
#include "common/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dialogue_init(struct dialogue *dialogue, const struct protocol *protocol, struct conn *conn,
                   uint32_t payload_max)
{
    *dialogue = (struct dialogue){.conn = conn, .protocol = protocol, .payload_max = payload_max};
}

void dialogue_free(struct dialogue *dialogue)
{
    free(dialogue->refusal);
    dialogue->refusal = NULL;
}

/* --- errors --- */

static void write_error(struct dialogue *dialogue, struct refusal *refusal, bool fatal)
{
    if (dialogue->protocol->amend)
        dialogue->protocol->amend(dialogue, refusal, fatal);
    refusal_write(refusal, dialogue->conn, fatal);
}

void dialogue_fail(struct dialogue *dialogue, struct refusal *refusal)
{
    write_error(dialogue, refusal, true);
    dialogue->protocol->failed(dialogue, refusal);
}

static void keep(struct dialogue *dialogue, const struct refusal *refusal)
{
    dialogue->refusal = xmalloc(sizeof *refusal);
    *dialogue->refusal = *refusal;
}

/* Reads the request's payload to its end before the error is written. */
static void refuse(struct dialogue *dialogue, struct request *request)
{
    struct refusal refusal;
    refusal_of_request(&refusal, request);
    if (!request->size) {
        write_error(dialogue, &refusal, false);
        return;
    }
    keep(dialogue, &refusal);
    conn_expect(dialogue->conn, request->size, false, false);
}

static void fail(struct dialogue *dialogue, struct request *request, bool later)
{
    struct refusal refusal;
    refusal_of_request(&refusal, request);
    if (!later || !dialogue->protocol->fail_later) {
        dialogue_fail(dialogue, &refusal);
        return;
    }
    keep(dialogue, &refusal);
    conn_ignore_input(dialogue->conn);
    dialogue->protocol->fail_later(dialogue);
}

/* Explains a broken header: often it is the rest of a payload with a wrong size. */
static void add_hint(const struct dialogue *dialogue, char *message, size_t size)
{
    size_t len = strlen(message);
    if (dialogue->last && dialogue->last->take)
        snprintf(message + len, size - len,
                 " (the message before it had size %zu: is that the length of its payload?)",
                 dialogue->last_size);
}

/* --- requests --- */

ssize_t dialogue_header_end(const struct conn *conn, const char *data, size_t len)
{
    (void)conn;
    const char *lf = memchr(data, '\n', len < HEADER_MAX ? len : HEADER_MAX);
    if (lf)
        return lf - data + 1;
    return len < HEADER_MAX ? 0 : -1;
}

void dialogue_header_too_long(struct dialogue *dialogue)
{
    struct refusal refusal;
    refusal_init(&refusal, "header-too-long",
                 "no LF within 4096 bytes; a header is one line of JSON, then the payload");
    add_hint(dialogue, refusal.message, sizeof refusal.message);
    dialogue_fail(dialogue, &refusal);
}

static enum verdict check_rights(struct dialogue *dialogue, struct request *request)
{
    const struct operation *operation = request->operation;
    unsigned missing = operation->right | request->rights;
    if (!missing || !dialogue->protocol->rights)
        return VERDICT_FINE;
    missing &= ~dialogue->protocol->rights(dialogue);
    if (!missing)
        return VERDICT_FINE;
    return request_refuse(request, "denied",
                          "%s%s needs the right %s; this connection's token lacks it",
                          operation->name, missing & operation->right ? "" : " with these fields",
                          right_name(missing));
}

/* Returns the verdict on a well-framed request. A second hello is refused as such, whatever else is
 * wrong with it. */
static enum verdict judge(struct dialogue *dialogue, struct request *request, enum verdict verdict)
{
    const struct operation *operation = request->operation;
    bool is_hello = operation && operation->is_hello;
    bug_on(verdict == VERDICT_FINE && !operation);
    if (!dialogue->greeted && !is_hello)
        return request_fail(request, "hello-required", "the first request must be hello");
    if (dialogue->greeted && is_hello)
        return request_refuse(request, "bad-request", "hello was said already");
    if (verdict == VERDICT_FINE)
        verdict = check_rights(dialogue, request);
    if (verdict == VERDICT_FINE && operation->check)
        verdict = operation->check(dialogue, request);
    return verdict == VERDICT_REFUSED && !dialogue->greeted ? VERDICT_FATAL : verdict;
}

static void take(struct dialogue *dialogue, const struct operation *operation,
                 struct payload *payload, bool over_budget)
{
    struct refusal refusal;
    if (operation->take(dialogue, payload, over_budget, &refusal) == VERDICT_REFUSED)
        write_error(dialogue, &refusal, false);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    const struct operation *operation = request->operation;
    if (operation->is_hello && dialogue->protocol->greeted)
        dialogue->protocol->greeted(dialogue, request);
    dialogue->greeted = true;
    if (operation->run)
        return operation->run(dialogue, request);
    if (request->size)
        conn_expect(dialogue->conn, request->size, true, false);
    else
        take(dialogue, operation, NULL, false);
    return VERDICT_FINE;
}

static void answer(struct dialogue *dialogue, struct request *request, enum verdict verdict)
{
    if (verdict == VERDICT_FATAL && strcmp(request->code, "bad-json") == 0)
        add_hint(dialogue, request->message, sizeof request->message);
    dialogue->last = request->operation;
    dialogue->last_size = request->size;
    if (verdict != VERDICT_FATAL)
        verdict = judge(dialogue, request, verdict);
    if (verdict == VERDICT_FINE)
        verdict = run(dialogue, request);
    if (verdict == VERDICT_REFUSED)
        refuse(dialogue, request);
    else if (verdict != VERDICT_FINE)
        fail(dialogue, request, verdict == VERDICT_FATAL_LATER);
}

void dialogue_header(struct dialogue *dialogue, char *data, size_t len)
{
    struct request *request = dialogue->protocol->request;
    len--;
    if (len && data[len - 1] == '\r')
        len--;
    answer(dialogue, request, request_parse(dialogue->protocol, data, len, dialogue->payload_max));
    /* The token would stay until the next header of any connection. */
    if (request->token.len)
        explicit_bzero(request->token.text, sizeof request->token.text);
}

void dialogue_message(struct dialogue *dialogue, struct payload *payload, bool over_budget)
{
    struct refusal *refusal = dialogue->refusal;
    if (!refusal) {
        take(dialogue, dialogue->last, payload, over_budget);
        return;
    }
    dialogue->refusal = NULL;
    write_error(dialogue, refusal, false);
    free(refusal);
}
