/* sqlite_body: payloads and results: up to 64 KiB in the tables, larger ones as files. */
#include "queue/store/sqlite_internal.h"

#include "base/payload.h"
#include "common/xmalloc.h"
#include "queue/store/stored_sum.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct statements {
    enum sqlite_statement put, read, drop;
};

static const struct statements of_inputs = {SQL_PUT_INPUT, SQL_READ_INPUT, SQL_DROP_INPUT};
static const struct statements of_results = {SQL_PUT_RESULT, SQL_READ_RESULT, SQL_DROP_RESULT};

static const struct statements *statements_of(struct body_name name)
{
    return name.is_result ? &of_results : &of_inputs;
}

static sqlite3_stmt *use(struct sqlite_store *store, struct body_name name,
                         enum sqlite_statement statement)
{
    sqlite3_stmt *sql = sqlite_db_use(&store->db, statement);
    sqlite_db_bind(sql, 1, name.seq);
    return sql;
}

static const char *in_one_piece(struct sqlite_store *store, const struct payload *payload)
{
    if (payload->first->len == payload->size)
        return payload->first->data;
    payload_copy(payload, 0, store->scratch, payload->size);
    return store->scratch;
}

void sqlite_body_write(struct sqlite_store *store, struct body_name name,
                       const struct payload *payload)
{
    if (!payload || !payload->size || store->db.fault)
        return;
    if (payload->size > STORED_INLINE_MAX) {
        if (body_files_write(&store->files, &name, payload) < 0)
            sqlite_db_note(&store->db, "a file in payloads", errno);
        return;
    }
    sqlite3_stmt *sql = use(store, name, statements_of(name)->put);
    sqlite_db_bind_bytes(sql, 2, in_one_piece(store, payload), payload->size);
    sqlite_db_run(&store->db, sql);
}

static char *read_file(struct sqlite_store *store, struct body_name name, size_t size)
{
    char *data = body_files_read(&store->files, &name, size);
    if (!data && errno != ENOENT && errno != EUCLEAN)
        sqlite_db_note(&store->db, "a file in payloads", errno);
    return data;
}

static char *read_row(struct sqlite_store *store, struct body_name name, size_t size)
{
    sqlite3_stmt *sql = use(store, name, statements_of(name)->read);
    char *data = NULL;
    if (sqlite_db_row(&store->db, sql) && (size_t)sqlite3_column_bytes(sql, 0) == size) {
        data = xmalloc(size);
        memcpy(data, sqlite3_column_blob(sql, 0), size);
    }
    sqlite_db_rest(sql);
    return data;
}

static bool is_sound(struct body_name name, const struct stored_body *body)
{
    return stored_sum_body(name.seq, name.is_result, body) == body->sum;
}

void sqlite_body_read(struct sqlite_store *store, struct body_name name, struct stored_body *body)
{
    if (!body->size || store->db.fault)
        return;
    body->data = body->size > STORED_INLINE_MAX ? read_file(store, name, body->size)
                                                : read_row(store, name, body->size);
    body->is_lost = !body->data || !is_sound(name, body);
    if (!body->is_lost)
        return;
    free(body->data);
    body->data = NULL;
}

void sqlite_body_drop(struct sqlite_store *store, struct body_name name, size_t size)
{
    if (size > STORED_INLINE_MAX)
        body_files_doom(&store->files, &name);
    else if (size)
        sqlite_db_run(&store->db, use(store, name, statements_of(name)->drop));
}
