/* redis_call: one call: its bytes, its state, its end. */
#include "queue/redis/redis_calls_internal.h"

#include "common/digits.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "queue/redis/redis_command.h"
#include "queue/redis/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- states --- */

static struct redis_call_list *list_of(const struct redis_call *call)
{
    return &call->calls->lists[call->state];
}

void redis_call_move(struct redis_call *call, enum redis_call_state state)
{
    static const bool may[CALL_STATES][CALL_STATES] = {
        [CALL_MADE] = {[CALL_POSTED] = true, [CALL_SENT] = true},
        [CALL_POSTED] = {[CALL_SENT] = true},
        [CALL_SENT] = {[CALL_REPLIED] = true, [CALL_AGAIN] = true},
        [CALL_REPLIED] = {[CALL_AGAIN] = true},
        [CALL_AGAIN] = {[CALL_SENT] = true},
    };
    bug_on(!may[call->state][state]);
    TAILQ_REMOVE(list_of(call), call, link);
    call->state = state;
    TAILQ_INSERT_TAIL(list_of(call), call, link);
}

bool redis_call_may_be_done(const struct redis_call *call)
{
    return call->is_unsure || call->state == CALL_SENT || call->state == CALL_REPLIED;
}

/* --- bytes --- */

static char *room_for(struct redis_call *call, size_t len)
{
    if (call->room - call->len < len) {
        while (call->room - call->len < len)
            call->room *= 2;
        call->bytes = xrealloc(call->bytes, call->room);
    }
    return call->bytes + call->len;
}

static void add(struct redis_call *call, const void *data, size_t len)
{
    if (len)
        memcpy(room_for(call, len), data, len);
    call->len += len;
}

static void add_head(struct redis_call *call, size_t len)
{
    call->words++;
    call->len += redis_command_head(room_for(call, REDIS_HEAD_MAX), '$', len);
}

void redis_call_word(struct redis_call *call, const void *data, size_t len)
{
    add_head(call, len);
    add(call, data, len);
    add(call, "\r\n", 2);
}

void redis_call_bytes(struct redis_call *call, const void *data, size_t len)
{
    redis_call_word(call, data, len);
}

void redis_call_text(struct redis_call *call, const char *text)
{
    redis_call_word(call, text, text ? strlen(text) : 0);
}

void redis_call_number(struct redis_call *call, uint64_t number)
{
    char digits[20];
    size_t count = digits_count(number);
    digits_write(digits, count, number);
    redis_call_word(call, digits, count);
}

/* References are counted: a const payload is shared all the same. */
static void add_payload(struct redis_call *call, const struct payload *payload)
{
    bug_on(call->payload_count == CALL_PAYLOADS);
    call->payloads[call->payload_count].at = call->len;
    call->payloads[call->payload_count].payload = payload_ref((struct payload *)payload);
    call->payload_count++;
}

void redis_call_payload(struct redis_call *call, const void *data, size_t len,
                        const struct payload *payload)
{
    add_head(call, len + (payload ? payload->size : 0));
    add(call, data, len);
    if (payload && payload->size)
        add_payload(call, payload);
    add(call, "\r\n", 2);
}

static void write_words(struct conn *conn, size_t words)
{
    char head[REDIS_HEAD_MAX];
    conn_write(conn, head, redis_command_head(head, '*', words));
}

void redis_call_write(struct redis_call *call, struct conn *conn)
{
    size_t from = 0;
    write_words(conn, call->words);
    for (size_t i = 0; i < call->payload_count; i++) {
        conn_write(conn, call->bytes + from, call->payloads[i].at - from);
        conn_write_payload(conn, call->payloads[i].payload);
        from = call->payloads[i].at;
    }
    conn_write(conn, call->bytes + from, call->len - from);
}

/* --- beginning and end --- */

struct redis_call *redis_call_make(struct redis_calls *calls, enum redis_call_role role)
{
    struct redis_call *call = xcalloc(1, sizeof *call);
    call->calls = calls;
    call->role = role;
    call->room = CALL_ROOM;
    call->bytes = xmalloc(CALL_ROOM);
    TAILQ_INSERT_TAIL(list_of(call), call, link);
    return call;
}

/* Tokens without an epoch begin with a random text: nodes that join make such calls. */
static void add_token(struct redis_call *call, uint64_t epoch)
{
    char token[64];
    struct redis_calls *calls = call->calls;
    unsigned long long count = ++calls->token_count;
    int len = epoch ? snprintf(token, sizeof token, "%llu:%llu", (unsigned long long)epoch, count)
                    : snprintf(token, sizeof token, "%s:%llu", calls->token, count);
    redis_call_word(call, token, (size_t)len);
}

struct redis_call *redis_call_new(struct redis_calls *calls, const struct redis_script *script,
                                  uint64_t epoch)
{
    struct redis_call *call = redis_call_make(calls, CALL_SCRIPT);
    call->script = script;
    calls->count++;
    redis_call_text(call, "EVALSHA");
    redis_call_text(call, script->sha1);
    redis_call_text(call, "1");
    redis_call_text(call, calls->parts.settings->prefix);
    redis_call_number(call, epoch);
    add_token(call, epoch);
    return call;
}

static void leave_deadlines(struct redis_call *call)
{
    if (call->has_deadline)
        TAILQ_REMOVE(&call->calls->deadlines, call, deadline);
    call->has_deadline = false;
}

void redis_call_free(struct redis_call *call)
{
    leave_deadlines(call);
    call->calls->count -= call->role == CALL_SCRIPT;
    TAILQ_REMOVE(list_of(call), call, link);
    for (size_t i = 0; i < call->payload_count; i++)
        payload_unref(call->payloads[i].payload);
    redis_reply_free(call->reply);
    free(call->bytes);
    free(call);
}

/* A call whose reply is on its way keeps its place in the line of the sent ones. */
static void finish(struct redis_call *call)
{
    leave_deadlines(call);
    if (call->state == CALL_SENT)
        call->is_over = true;
    else
        redis_call_free(call);
}

void redis_call_tell(struct redis_call *call, enum redis_end end, const struct redis_reply *reply,
                     bool is_last)
{
    static const struct redis_reply nothing = {.text = ""};
    const struct redis_call_kind *kind = call->kind;
    void *arg = call->arg;
    const struct redis_answer answer = {.end = end,
                                        .status = reply ? redis_reply_number_at(reply, 0) : 0,
                                        .reply = reply ? reply : &nothing,
                                        .is_last = is_last};
    leave_deadlines(call);
    call->is_told = true;
    kind->done(arg, &answer);
    if (is_last)
        finish(call);
}
