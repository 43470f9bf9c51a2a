/* queue_client: see queue_client.h. */
#include "queue_client.h"

#include "die.h"
#include "pattern.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_MAX = 512, VISIT_MAX = 400 /* requests */ };

/* --- lines --- */

void uid_line_add(struct uid_line *line, uint32_t uid)
{
    if (line->count == line->room) {
        line->room = line->room * 2 + 64;
        line->uids = need_more(line->uids, line->room * sizeof *line->uids);
    }
    line->uids[line->count++] = uid;
}

bool uid_line_take(struct uid_line *line, uint32_t *uid)
{
    if (line->from == line->count)
        return false;
    *uid = line->uids[line->from++];
    if (line->from == line->count)
        line->from = line->count = 0;
    return true;
}

/* --- requests --- */

static struct kept_job *job_of(const struct queue_client *client, uint32_t uid)
{
    return &client->work->ledger->jobs[uid];
}

static struct queue_request *new_request(struct queue_client *client, uint32_t uid, bool is_wait)
{
    struct queue_request *request = client->requests;
    while (request->used)
        request++;
    *request = (struct queue_request){
        .id = ++client->last_id, .uid = uid, .used = true, .is_wait = is_wait};
    client->open++;
    return request;
}

static void free_request(struct queue_client *client, struct queue_request *request)
{
    request->used = false;
    client->open--;
}

static size_t write_payload(char **payload, const struct kept_job *job, uint32_t uid)
{
    char line[PATTERN_LINE_MAX];
    int n = snprintf(line, sizeof line, "%" PRIu32 " %s %" PRIu64 " 0\n", uid,
                     command_table[job->command].name, job->a);
    size_t size = (size_t)n + job->filler;
    *payload = need(size + 1);
    memcpy(*payload, line, (size_t)n);
    pattern_fill(*payload + n, job->filler, uid);
    return size;
}

static void write_key(char key[32], const struct kept_job *job, uint32_t uid)
{
    key[0] = '\0';
    if (job->keyed)
        snprintf(key, 32, ",\"key\":\"k%" PRIu32 "\"", uid);
}

static void submit(struct queue_client *client, uint32_t uid)
{
    char head[HEAD_MAX], key[32], *payload;
    struct kept_job *job = job_of(client, uid);
    size_t size = write_payload(&payload, job, uid);
    job->hash = pattern_hash(payload, size);
    write_key(key, job, uid);
    int n = snprintf(
        head, sizeof head,
        "{\"op\":\"submit\",\"id\":%" PRIu64 ",\"module\":\"torture_queued\","
        "\"size\":%zu,\"delay_ms\":%" PRIu32 ",\"priority\":%u,\"retries\":%u,"
        "\"retry_on\":[\"error\",\"module\"],\"retry_delay_ms\":10%s,%s}\n",
        new_request(client, uid, false)->id, size, job->delay_ms, job->priority, job->retries, key,
        job->detach ? "\"detach\":true" : "\"notify\":[\"accepted\",\"started\",\"retry\"]");
    connection_write(&client->connection, head, (size_t)n);
    connection_write(&client->connection, payload, size);
    free(payload);
}

static void wait_for(struct queue_client *client, uint32_t uid)
{
    char text[128];
    int n = snprintf(text, sizeof text,
                     "{\"op\":\"wait\",\"id\":%" PRIu64 ",\"job\":\"%s\",\"notify\":[\"retry\"]}\n",
                     new_request(client, uid, true)->id, job_of(client, uid)->id);
    connection_write(&client->connection, text, (size_t)n);
}

static void cancel(struct queue_client *client, uint32_t uid)
{
    char text[128];
    struct kept_job *job = job_of(client, uid);
    job->cancel_sent = true;
    int n = snprintf(text, sizeof text, "{\"op\":\"%s\",\"id\":\"c\",\"job\":\"%s\"}\n",
                     uid % 2 ? "cancel" : "kill", job->id);
    connection_write(&client->connection, text, (size_t)n);
}

/* --- ways to go --- */

/* What the queue has not answered is somebody else's business from now on. */
static void hand_over(struct queue_client *client)
{
    for (struct queue_request *r = client->requests; r < client->requests + QUEUE_OUT_MAX; r++) {
        if (!r->used)
            continue;
        const struct kept_job *job = job_of(client, r->uid);
        if (*job->id && !job->refused)
            uid_line_add(&client->work->waits, r->uid);
        else if (job->keyed)
            uid_line_add(&client->work->again, r->uid);
        free_request(client, r);
    }
}

void queue_client_drop(struct queue_client *client)
{
    if (!connection_is_open(&client->connection))
        return;
    connection_close(&client->connection, true);
    hand_over(client);
}

static void leave(struct queue_client *client)
{
    if (!client->work->settling && rng_chance(&client->work->rng, 500)) {
        queue_client_drop(client);
        return;
    }
    client->shut = true;
    connection_half_close(&client->connection);
}

static bool send_one(struct queue_client *client)
{
    uint32_t uid;
    struct queue_work *work = client->work;
    bool first = rng_chance(&work->rng, 500); /* or after all else */
    if (first && uid_line_take(&work->waits, &uid))
        wait_for(client, uid);
    else if (uid_line_take(&work->cancels, &uid))
        cancel(client, uid);
    else if (uid_line_take(&work->again, &uid))
        submit(client, uid);
    else if (work->ledger->count < work->limit)
        submit(client, ledger_draw(work->ledger, &work->rng));
    else if (uid_line_take(&work->waits, &uid))
        wait_for(client, uid);
    else
        return false;
    return true;
}

void queue_client_fill(struct queue_client *client)
{
    while (connection_is_open(&client->connection) && client->greeted && !client->shut &&
           !client->work->ends && client->open < QUEUE_OUT_MAX && send_one(client))
        if (!client->left--)
            leave(client);
}

/* --- what the queue says --- */

static void stray(struct queue_client *client)
{
    client->work->ledger->rest.strays++;
}

static void on_accepted(struct queue_client *client, struct queue_request *request)
{
    struct queue_work *work = client->work;
    struct kept_job *job = job_of(client, request->uid);
    bool first = !job->accepted;
    job->accepted = true;
    if (first && job->cancel)
        uid_line_add(&work->cancels, request->uid);
    if (first && job->keyed && rng_chance(&work->rng, 300))
        uid_line_add(&work->again, request->uid);
    if (!job->detach)
        return;
    uid_line_add(&work->waits, request->uid);
    free_request(client, request);
}

/* Some outcomes are asked for again. */
static void on_end(struct queue_client *client, struct queue_request *request, json_t *header,
                   const char *payload, size_t size)
{
    struct queue_work *work = client->work;
    struct kept_job *job = job_of(client, request->uid);
    ledger_tell(job, header, payload, size);
    if (work->settling)
        job->settled = true;
    else if (rng_chance(&work->rng, 200))
        uid_line_add(&work->waits, request->uid);
    free_request(client, request);
}

static void on_error(struct queue_client *client, struct queue_request *request)
{
    struct kept_job *job = job_of(client, request->uid);
    job->faults |= request->is_wait ? LEDGER_UNKNOWN : LEDGER_REFUSED;
    free_request(client, request);
}

/* A full disk is the only reason for a refusal here. */
static void on_overload(struct queue_client *client, struct queue_request *request, json_t *header)
{
    struct kept_job *job = job_of(client, request->uid);
    const char *reason = json_string_value(json_object_get(header, "reason"));
    job->refused = !*job->id;
    if (!reason || strcmp(reason, "storage") != 0)
        job->faults |= LEDGER_REFUSED;
    free_request(client, request);
}

static struct queue_request *request_of(struct queue_client *client, json_t *header)
{
    uint64_t id = (uint64_t)json_integer_value(json_object_get(header, "id"));
    for (struct queue_request *r = client->requests; r < client->requests + QUEUE_OUT_MAX; r++)
        if (r->used && r->id == id)
            return r;
    return NULL;
}

static void take_event(struct queue_client *client, const char *event, json_t *header,
                       const char *payload, size_t size)
{
    struct queue_request *request = request_of(client, header);
    if (!request) {
        stray(client);
        return;
    }
    if (strcmp(event, "overload") == 0) {
        on_overload(client, request, header);
        return;
    }
    if (strcmp(event, "error") == 0) {
        on_error(client, request);
        return;
    }
    ledger_hear(job_of(client, request->uid), header);
    if (strcmp(event, "accepted") == 0)
        on_accepted(client, request);
    else if (strcmp(event, "done") == 0 || strcmp(event, "failed") == 0)
        on_end(client, request, header, payload, size);
    else if (strcmp(event, "started") != 0 && strcmp(event, "retry") != 0)
        stray(client);
}

static bool is_cancel(json_t *header)
{
    const char *id = json_string_value(json_object_get(header, "id"));
    return id && strcmp(id, "c") == 0;
}

static void on_message(void *arg, json_t *header, const char *payload, size_t size)
{
    struct queue_client *client = arg;
    const char *event = json_string_value(json_object_get(header, "event"));
    if (!event)
        stray(client);
    else if (strcmp(event, "hello") == 0)
        client->greeted = true;
    else if (!is_cancel(header) && strcmp(event, "draining") != 0)
        take_event(client, event, header, payload, size);
    queue_client_fill(client);
}

static void on_closed(void *arg, int error)
{
    struct queue_client *client = arg;
    bool rightly = client->work->ends || (client->shut && !client->open);
    (void)error;
    if (!rightly)
        client->work->ledger->rest.lost_conns++;
    hand_over(client);
}

static void on_broken(void *arg)
{
    struct queue_client *client = arg;
    stray(client);
    hand_over(client);
}

static const struct connection_ops ops = {
    .message = on_message, .broken = on_broken, .end = on_closed};

void queue_client_open(struct queue_client *client, struct queue_work *work, int fd)
{
    static const char hello[] = "{\"op\":\"hello\",\"protocol\":1,\"client\":\"torture\"}\n";
    *client =
        (struct queue_client){.work = work, .left = (unsigned)rng_range(&work->rng, 1, VISIT_MAX)};
    connection_open(&client->connection, work->loop, fd, &ops, client);
    connection_write(&client->connection, hello, sizeof hello - 1);
}
