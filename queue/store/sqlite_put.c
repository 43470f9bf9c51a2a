/* sqlite_put: a new job, unless another one has its key. */
#include "queue/store/sqlite_internal.h"

#include "base/payload.h"
#include "queue/store/stored_sum.h"

#include <sha2.h>
#include <string.h>

static size_t size_of(const struct payload *payload)
{
    return payload ? payload->size : 0;
}

static void make_digest(struct stored_job *job)
{
    SHA2_CTX sha;
    SHA256Init(&sha);
    if (job->input.payload)
        for (const struct payload_part *part = job->input.payload->first; part; part = part->next)
            SHA256Update(&sha, (const uint8_t *)part->data, part->len);
    SHA256Final(job->wish.digest, &sha);
}

static bool is_same(const struct stored_job *other, const struct stored_job *job)
{
    return memcmp(other->wish.digest, job->wish.digest, STORED_DIGEST) == 0 &&
           other->input.size == size_of(job->input.payload);
}

static void compare(struct sqlite_store *store, struct store_op *op, sqlite3_stmt *sql)
{
    struct stored_job *other = sqlite_job_read(&store->db, sql);
    const char *key = other->wish.key;
    sqlite_job_expect(&store->db, other, key && strcmp(key, op->job->wish.key) == 0);
    op->other = other->seq;
    op->status = is_same(other, op->job) ? STORE_JOINED : STORE_CONFLICT;
    stored_job_free(other);
}

bool sqlite_put_finds_key(struct sqlite_store *store, struct store_op *op)
{
    const struct stored_wish *wish = &op->job->wish;
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_FIND_KEY);
    if (!wish->key)
        return false;
    sqlite_db_bind_text(sql, 1, wish->owner);
    sqlite_db_bind_text(sql, 2, wish->module);
    sqlite_db_bind_text(sql, 3, wish->key);
    if (!sqlite_db_row(&store->db, sql))
        return false;
    compare(store, op, sql);
    sqlite_db_rest(sql);
    return true;
}

/* The job with the key is as detached as this one. */
static void join(struct sqlite_store *store, const struct store_op *op)
{
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_DETACH);
    if (op->status != STORE_JOINED || !op->job->wish.is_detached)
        return;
    sqlite_db_bind(sql, 1, op->other);
    sqlite_db_run(&store->db, sql);
}

void sqlite_put(struct sqlite_store *store, struct store_op *op)
{
    struct stored_job *job = op->job;
    if (job->wish.key)
        make_digest(job);
    if (sqlite_put_finds_key(store, op)) {
        join(store, op);
        return;
    }
    if (!sqlite_room_takes(store, job->input.size)) {
        op->status = STORE_NO_ROOM;
        return;
    }
    job->input.sum = stored_sum_body(job->seq, false, &job->input);
    sqlite_body_write(store, sqlite_body_input(job->seq), job->input.payload);
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_PUT);
    sqlite_job_bind(sql, job);
    sqlite_db_run(&store->db, sql);
    if (store->next_seq <= job->seq)
        store->next_seq = job->seq + 1;
}
