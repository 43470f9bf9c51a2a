/* client: see client.h. */
#include "client.h"

#include "die.h"
#include "parts.h"
#include "pattern.h"
#include "reports.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_MAX = 32, HEAD_MAX = 1024, CROWD_US = 1000000 };

/* --- submits --- */

static void write_id(char id[ID_MAX], const struct history *history, uint32_t uid)
{
    const struct job_record *job = &history->jobs[uid];
    uint32_t name = job->twin_of == NO_JOB ? uid : job->twin_of;
    snprintf(id, ID_MAX, job->spec.text_id ? "\"t%" PRIu32 "\"" : "%" PRIu32, name);
}

static size_t write_payload(char **payload, const struct job_spec *spec, uint32_t uid)
{
    char line[PATTERN_LINE_MAX];
    int n = snprintf(line, sizeof line, "%" PRIu32 " %s %" PRIu64 " %" PRIu64 "\n", uid,
                     command_table[spec->command].name, spec->a, spec->b);
    size_t len = (size_t)n + spec->filler;
    *payload = need(len + 1);
    memcpy(*payload, line, (size_t)n);
    pattern_fill(*payload + n, spec->filler, uid);
    return len;
}

/* Detached, for a service, or with the wanted events. */
static void write_kind(char more[80], const struct job_spec *spec)
{
    const struct {
        const char *word;
        bool wanted;
    } words[] = {{"accepted", spec->notify_accepted},
                 {"started", spec->notify_started},
                 {"progress", spec->notify_progress},
                 {"part", job_spec_streams(spec)}};
    size_t n = 0;
    if (spec->service)
        snprintf(more, 80, "\"service\":\"%s\"", service_names[spec->service - 1]);
    else if (spec->detach)
        snprintf(more, 80, "\"detach\":true");
    else
        n = (size_t)snprintf(more, 80, "\"notify\":[");
    for (size_t i = 0; i < sizeof words / sizeof *words && n; i++)
        if (words[i].wanted)
            n += (size_t)snprintf(more + n, 80 - n, "%s\"%s\"", more[n - 1] == '[' ? "" : ",",
                                  words[i].word);
    if (n)
        snprintf(more + n, 80 - n, "]");
}

static void write_limits(char *text, size_t room, const struct job_spec *spec)
{
    const struct {
        const char *field;
        uint32_t ms;
    } limits[] = {{"timeout_ms", spec->timeout_ms},
                  {"soft_timeout_ms", spec->soft_timeout_ms},
                  {"max_wait_ms", spec->max_wait_ms}};
    size_t n = 0;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (limits[i].ms)
            n += (size_t)snprintf(text + n, room - n, ",\"%s\":%" PRIu32, limits[i].field,
                                  limits[i].ms);
}

static size_t write_head(char head[HEAD_MAX], const struct history *history, uint32_t uid,
                         size_t size)
{
    char id[ID_MAX], context[48] = "", limits[128] = "", more[80];
    const struct job_spec *spec = &history->jobs[uid].spec;
    write_id(id, history, uid);
    if (spec->context)
        snprintf(context, sizeof context, ",\"context\":{\"u\":%" PRIu32 "}", uid);
    write_limits(limits, sizeof limits, spec);
    write_kind(more, spec);
    int n = snprintf(head, HEAD_MAX,
                     "{\"op\":\"submit\",\"id\":%s,\"module\":\"%s\",\"size\":%zu%s%s%s%s,"
                     "%s}\n",
                     id, module_names[spec->module], size, context, limits,
                     spec->link ? ",\"link\":true" : "", spec->wrong ? ",\"modul\":1" : "", more);
    return (size_t)n;
}

/* The bytes of the whole submit. */
static char *compose(struct client *client, uint32_t uid, size_t *head_len, size_t *len)
{
    char head[HEAD_MAX], *payload;
    struct history *history = client->env->history;
    struct job_record *job = &history->jobs[uid];
    size_t size = write_payload(&payload, &job->spec, uid);
    job->hash = pattern_hash(payload, size);
    *head_len = write_head(head, history, uid, size);
    *len = *head_len + size;
    char *text = need(*len);
    memcpy(text, head, *head_len);
    memcpy(text + *head_len, payload, size);
    free(payload);
    return text;
}

static uint32_t new_job(struct client *client, const struct job_spec *spec)
{
    uint32_t uid = history_add_job(client->env->history, spec, client->number);
    client->env->history->jobs[uid].may_be_passed = client->slow;
    client->env->history->jobs[uid].may_stall = client->stalls;
    client->env->history->jobs[uid].light = client->light;
    return uid;
}

static void submit(struct client *client, uint32_t uid)
{
    size_t head_len, len;
    struct history *history = client->env->history;
    char *text = compose(client, uid, &head_len, &len);
    history_add_conn(history, EV_SUBMIT, client->number, uid);
    connection_write(&client->connection, text, len);
    history->jobs[uid].end_offset = client->connection.queued;
    free(text);
    client->open_jobs++;
    if (history->jobs[uid].spec.cancel == CANCEL_AT_ONCE)
        client_cancel(client, uid, history->jobs[uid].spec.kill);
}

uint32_t client_submit(struct client *client, const struct job_spec *spec)
{
    uint32_t uid = new_job(client, spec);
    submit(client, uid);
    return uid;
}

uint32_t client_submit_twin(struct client *client, const struct job_spec *spec, uint32_t twin)
{
    uint32_t uid = new_job(client, spec);
    struct history *history = client->env->history;
    history->jobs[uid].spec.text_id = history->jobs[twin].spec.text_id;
    history->jobs[uid].twin_of = twin;
    history->jobs[twin].twin = uid;
    submit(client, uid);
    return uid;
}

uint32_t client_submit_part(struct client *client, const struct job_spec *spec, bool in_payload,
                            unsigned permille)
{
    size_t head_len, len, cut;
    uint32_t uid = new_job(client, spec);
    char *text = compose(client, uid, &head_len, &len);
    if (in_payload)
        cut = head_len + (len - head_len) * permille / 1000;
    else
        cut = 1 + (head_len - 2) * permille / 1000;
    client->env->history->jobs[uid].partial = true;
    history_add_conn(client->env->history, EV_SUBMIT, client->number, uid);
    connection_write(&client->connection, text, cut < len ? cut : len - 1);
    client->mute = true;
    free(text);
    return uid;
}

/* --- other requests --- */

void client_cancel(struct client *client, uint32_t uid, bool kill)
{
    char id[ID_MAX], text[128];
    if (client->mute)
        return;
    write_id(id, client->env->history, uid);
    history_add_conn(client->env->history, EV_CANCEL, client->number, uid);
    int n = snprintf(text, sizeof text, "{\"op\":\"%s\",\"id\":\"q%" PRIu64 "\",\"target\":%s}\n",
                     kill ? "kill" : "cancel", ++client->asked, id);
    connection_write(&client->connection, text, (size_t)n);
}

uint64_t client_ask(struct client *client, const char *op, const char *fields)
{
    char text[512];
    if (client->mute)
        return 0;
    int n = snprintf(text, sizeof text, "{\"op\":\"%s\",\"id\":\"q%" PRIu64 "\"%s}\n", op,
                     ++client->asked, fields);
    connection_write(&client->connection, text, (size_t)n);
    return client->asked;
}

void client_ping(struct client *client)
{
    client_ask(client, "ping", "");
}

void client_write_garbage(struct client *client, const void *data, size_t len)
{
    client->fatal_asked = client->mute = true;
    connection_write(&client->connection, data, len);
}

void client_half_close(struct client *client)
{
    client->mute = true;
    live_leave(client);
    connection_half_close(&client->connection);
}

/* --- what the server says --- */

static void note_broken(struct client *client, enum broken what)
{
    history_add_conn(client->env->history, EV_BROKEN, client->number, NO_JOB)->a = what;
}

static const char *text_of(json_t *header, const char *key)
{
    const char *text = json_string_value(json_object_get(header, key));
    return text ? text : "";
}

/* The job of an event; NO_JOB if this connection has no job of the event's id. */
static uint32_t job_of(const struct client *client, json_t *header)
{
    const struct history *history = client->env->history;
    json_t *id = json_object_get(header, "id");
    const char *text = json_string_value(id);
    unsigned long long uid = text && text[0] == 't' ? strtoull(text + 1, NULL, 10)
                             : json_is_integer(id)  ? (unsigned long long)json_integer_value(id)
                                                    : NO_JOB;
    if (uid >= history->job_count)
        return NO_JOB;
    const struct job_record *job = &history->jobs[uid];
    bool fits = job->conn == client->number && job->spec.text_id == (text != NULL);
    return fits ? (uint32_t)uid : NO_JOB;
}

/* Two jobs may have one id, one after the other. The first job's end comes first. */
static uint32_t twin_of(const struct client *client, uint32_t uid, const char *code)
{
    const struct job_record *job = &client->env->history->jobs[uid];
    if (job->twin == NO_JOB)
        return uid;
    return job->told || strcmp(code, "duplicate-id") == 0 ? job->twin : uid;
}

/* The number in "BOOT-NUMBER"; 0 if the name has another form. */
static uint64_t number_of(const struct client *client, json_t *header)
{
    const char *name = text_of(header, "job");
    size_t len = strlen(client->env->boot);
    if (strncmp(name, client->env->boot, len) != 0 || name[len] != '-')
        return 0;
    return strtoull(name + len + 1, NULL, 10);
}

static uint64_t uint_of(json_t *header, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(header, key));
    return value > 0 ? (uint64_t)value : 0;
}

static bool context_is_right(const struct client *client, uint32_t uid, json_t *header)
{
    json_t *context = json_object_get(header, "context");
    if (!client->env->history->jobs[uid].spec.context)
        return context == NULL;
    return json_object_size(context) == 1 && uint_of(context, "u") == uid;
}

static enum error_code error_of(const char *code)
{
    if (strcmp(code, "bad-request") == 0)
        return ERR_BAD_REQUEST;
    if (strcmp(code, "unknown-service") == 0)
        return ERR_UNKNOWN_SERVICE;
    return strcmp(code, "duplicate-id") == 0 ? ERR_DUPLICATE_ID : ERR_OTHER;
}

static enum overload_code overload_of(const char *reason)
{
    if (strcmp(reason, "queue-full") == 0)
        return OVER_QUEUE;
    if (strcmp(reason, "client-quota") == 0)
        return OVER_QUOTA;
    if (strcmp(reason, "service-full") == 0)
        return OVER_SERVICE;
    return strcmp(reason, "memory") == 0 ? OVER_MEMORY : OVER_OTHER;
}

static void note_done(struct event *event, const char *payload, size_t size)
{
    char digits[PATTERN_HASH_DIGITS + 1] = "";
    event->pid = (int32_t)size;
    if (size < PATTERN_HASH_DIGITS)
        return;
    memcpy(digits, payload, PATTERN_HASH_DIGITS);
    event->c = strtoull(digits, NULL, 16);
    if (pattern_matches(payload + PATTERN_HASH_DIGITS, size - PATTERN_HASH_DIGITS, event->c))
        event->seen |= SEEN_INTACT;
}

static int signal_number(const char *name)
{
    for (int signo = 1; signo < 32; signo++) {
        const char *known = sigabbrev_np(signo);
        if (known && strncmp(name, "SIG", 3) == 0 && strcmp(name + 3, known) == 0)
            return signo;
    }
    return 99;
}

static void note_failed(struct event *event, json_t *header, const char *payload, size_t size)
{
    const char *signal = json_string_value(json_object_get(header, "signal"));
    json_t *status = json_object_get(header, "exit_status");
    event->code = (uint8_t)history_reason(text_of(header, "reason"));
    if (signal)
        event->how = (int16_t)signal_number(signal);
    else if (status)
        event->how = (int16_t)(-1 - json_integer_value(status));
    if (event->code != REASON_ERROR)
        return;
    json_t *details = json_loadb(payload, size, 0, NULL);
    event->pid = (int32_t)uint_of(details, "pid");
    json_decref(details);
}

static enum event_type type_of(json_t *header)
{
    static const struct {
        const char *name;
        enum event_type type;
    } types[] = {{"accepted", EV_ACCEPTED}, {"started", EV_STARTED},   {"done", EV_DONE},
                 {"failed", EV_FAILED},     {"overload", EV_OVERLOAD}, {"error", EV_ERROR}};
    const char *name = text_of(header, "event");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    return EVENT_TYPES;
}

/* A job ended for its reader, who read nothing while we got no processor. */
static void note_stall(struct client *client, uint32_t uid, json_t *header)
{
    const struct loop *loop = client->env->loop;
    uint64_t long_us = 4ull * PLAN_PART_STALL_MS * 1000;
    if (strcmp(text_of(header, "by"), "reader") == 0 && loop->late_us &&
        loop->now_us - loop->late_us < long_us)
        client->env->history->jobs[uid].may_stall = true;
}

/* The pool's place in the plan, plus 1; 0: a pool unknown to the plan. */
static int16_t pool_of(json_t *header)
{
    int16_t pool = PLAN_POOLS;
    while (pool && strcmp(plan_pool_names[pool - 1], text_of(header, "pool")) != 0)
        pool--;
    return pool;
}

static void fill(struct client *client, struct event *event, json_t *header, const char *payload,
                 size_t size)
{
    event->a = uint_of(header, "order");
    event->b = number_of(client, header);
    if (event->type == EV_DONE)
        note_done(event, payload, size);
    else if (event->type == EV_FAILED)
        note_failed(event, header, payload, size);
    else if (event->type == EV_ERROR)
        event->code = (uint8_t)error_of(text_of(header, "code"));
    if (event->type == EV_STARTED || event->type == EV_OVERLOAD)
        event->how = pool_of(header);
    if (event->type == EV_OVERLOAD) {
        event->code = (uint8_t)overload_of(text_of(header, "reason"));
        event->a = uint_of(header, "queued");
        event->b = uint_of(header, "running");
        event->c = client->open_jobs;
    }
    if (event->type == EV_FAILED)
        note_stall(client, event->uid, header);
    if (context_is_right(client, event->uid, header))
        event->seen |= SEEN_CONTEXT;
}

void client_look(struct client *client)
{
    if (client->leave_when_idle && !client->mute && !client->open_jobs &&
        client->asked == client->answered && !client->live.watched)
        client_half_close(client);
}

static void told(struct client *client, uint32_t uid, enum event_type type)
{
    struct job_record *job = &client->env->history->jobs[uid];
    if (job->told)
        return;
    job->told = true;
    if (!job->partial)
        client->open_jobs--;
    client_look(client);
    client->env->told(client->env->arg, client, type);
}

static void take_job_event(struct client *client, enum event_type type, json_t *header,
                           const char *payload, size_t size)
{
    struct history *history = client->env->history;
    uint32_t uid = job_of(client, header);
    if (uid == NO_JOB) {
        history_add_conn(history, EV_STRAY, client->number, NO_JOB)->a = type;
        return;
    }
    uid = twin_of(client, uid, text_of(header, "code"));
    fill(client, history_add_conn(history, type, client->number, uid), header, payload, size);
    const struct job_spec *spec = &history->jobs[uid].spec;
    if (type == EV_STARTED && spec->cancel == CANCEL_AT_STARTED)
        client_cancel(client, uid, spec->kill);
    if (type == EV_ACCEPTED && spec->monitored)
        live_monitor(client, uid, text_of(header, "job"));
    if ((type != EV_ACCEPTED || job_spec_is_detached(spec)) && type != EV_STARTED)
        told(client, uid, type);
}

static void take_part(struct client *client, json_t *header, const char *payload, size_t size)
{
    struct history *history = client->env->history;
    uint32_t uid = job_of(client, header);
    if (uid == NO_JOB)
        history_add_conn(history, EV_STRAY, client->number, NO_JOB)->a = EV_STARTED;
    else
        parts_take(&history->jobs[uid], header, payload, size);
}

static void take_report(struct client *client, json_t *header)
{
    struct history *history = client->env->history;
    uint32_t uid = job_of(client, header);
    if (uid == NO_JOB) {
        history_add_conn(history, EV_STRAY, client->number, NO_JOB)->a = EV_STARTED;
        return;
    }
    uid = twin_of(client, uid, "");
    reports_take(&history->jobs[uid], uid, header);
}

/* The end of a job of a service, perhaps of another connection. */
static void take_delivery(struct client *client, json_t *header, const char *payload, size_t size)
{
    struct history *history = client->env->history;
    enum event_type type = type_of(header);
    uint32_t uid = live_delivered(client, header);
    if (uid == NO_JOB || (type != EV_DONE && type != EV_FAILED)) {
        note_broken(client, BROKEN_SERVICE);
        return;
    }
    struct event *event = history_add_conn(history, type, client->number, uid);
    fill(client, event, header, payload, size);
    event->code = type == EV_DONE ? DOWN_DONE : event->code;
    event->type = EV_DELIVERED;
    history->jobs[uid].delivered++;
}

/* Connections, or a moment ago: a refusal may be read late, when others are gone again. */
static void note_crowd(struct client_env *env)
{
    uint64_t now = clock_now_us();
    if (env->open >= env->crowd || now - env->crowd_us > CROWD_US) {
        env->crowd = env->open;
        env->crowd_us = now;
    }
}

static void take_fatal(struct client *client, json_t *header)
{
    struct event *event = history_add_conn(client->env->history, EV_FATAL, client->number, NO_JOB);
    event->code = client->fatal_asked || client->may_end;
    client->refused = strcmp(text_of(header, "code"), "too-many-clients") == 0;
    event->a = client->refused;
    note_crowd(client->env);
    event->b = client->env->crowd;
    client_half_close(client);
}

/* Answers come in the order of their requests, but those of long looks may be late. */
static void take_answer(struct client *client, json_t *header)
{
    const char *id = text_of(header, "id");
    uint64_t number = id[0] == 'q' ? strtoull(id + 1, NULL, 10) : 0;
    client->answered++;
    if (!number || number > client->asked ||
        (!live_is_late(&client->live, number) && number <= client->last_answer))
        note_broken(client, BROKEN_ORDER_OF_ANSWERS);
    else if (!live_is_late(&client->live, number))
        client->last_answer = number;
    live_answered(client, number, header);
    client_look(client);
}

static void on_message(void *arg, json_t *header, const char *payload, size_t size)
{
    struct client *client = arg;
    enum event_type type = type_of(header);
    if (strcmp(text_of(header, "event"), "hello") == 0)
        client->greeted = true;
    else if (strcmp(text_of(header, "event"), "draining") == 0)
        return;
    else if (json_object_get(header, "submit_id"))
        take_delivery(client, header, payload, size);
    else if (live_event(client, header))
        client_look(client);
    else if (strcmp(text_of(header, "event"), "part") == 0)
        take_part(client, header, payload, size);
    else if (strcmp(text_of(header, "event"), "progress") == 0)
        take_report(client, header);
    else if (json_is_true(json_object_get(header, "fatal")))
        take_fatal(client, header);
    else if (type == EVENT_TYPES ||
             (type == EV_ERROR && strcmp(text_of(header, "op"), "submit") != 0))
        take_answer(client, header);
    else
        take_job_event(client, type, header, payload, size);
}

/* --- the end --- */

static void finish(struct client *client, enum conn_end end)
{
    live_leave(client);
    struct event *event =
        history_add_conn(client->env->history, EV_CONN_END, client->number, NO_JOB);
    event->code = (uint8_t)end;
    event->a = client->connection.written;
    event->b = client->asked - client->answered;
    event->c = client->connection.shut_when_out;
    client->end = end;
    note_crowd(client->env);
    client->env->open--;
    client->env->ended(client->env->arg, client);
}

static void on_broken(void *arg)
{
    note_broken(arg, BROKEN_FRAMING);
    finish(arg, END_LOST);
}

static void on_end(void *arg, int error)
{
    struct client *client = arg;
    (void)error;
    if (!client->env->up)
        finish(client, END_EPOCH);
    else if (client->refused || (!client->greeted && client->may_end))
        finish(client, END_REFUSED);
    else if (client->may_end)
        finish(client, END_TOLERATED);
    else if (client->connection.shut_when_out)
        finish(client, END_ASKED);
    else
        finish(client, END_LOST);
}

void client_drop(struct client *client, bool reset)
{
    connection_flush(&client->connection);
    if (!connection_is_open(&client->connection))
        return;
    connection_close(&client->connection, reset);
    finish(client, reset ? END_RESET : END_CLOSED);
}

static const struct connection_ops ops = {
    .message = on_message, .broken = on_broken, .end = on_end};

struct client *client_new(struct client_env *env, bool silent)
{
    static const char hello[] = "{\"op\":\"hello\",\"protocol\":1,\"client\":\"torture\"}\n";
    int fd = connection_socket(&env->addr);
    if (fd < 0)
        return NULL;
    struct client *client = need(sizeof *client);
    client->env = env;
    client->number = ++env->history->last_conn;
    env->open++;
    note_crowd(env);
    connection_open(&client->connection, env->loop, fd, &ops, client);
    history_add_conn(env->history, EV_CONN_OPEN, client->number, NO_JOB);
    if (!silent)
        connection_write(&client->connection, hello, sizeof hello - 1);
    return client;
}

void client_free(struct client *client)
{
    live_free(&client->live);
    free(client);
}
