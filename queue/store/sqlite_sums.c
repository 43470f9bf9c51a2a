/* sqlite_sums: all jobs and their bodies are compared with their sums. */
#include "queue/store/sqlite_internal.h"

static void look_at_body(struct sqlite_store *store, struct stored_body *body,
                         struct body_name name, const char *fault, sqlite_sums_tell *tell,
                         void *arg)
{
    sqlite_body_read(store, name, body);
    if (body->is_lost)
        tell(arg, fault, name.seq);
}

static void look_at_bodies(struct sqlite_store *store, struct stored_job *job,
                           sqlite_sums_tell *tell, void *arg)
{
    if (!job->outcome.is_done)
        look_at_body(store, &job->input, sqlite_body_input(job->seq),
                     "its payload is gone, or damaged", tell, arg);
    look_at_body(store, &job->result, sqlite_body_result(job->seq, job->run.attempt),
                 "its result is gone, or damaged", tell, arg);
}

bool sqlite_sums_look(struct sqlite_store *store, sqlite_sums_tell *tell, void *arg)
{
    bool are_sound = true;
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_LIST);
    sqlite_db_bind(sql, 1, 0);
    while (sqlite_db_row(&store->db, sql)) {
        bool is_sound;
        struct stored_job *job = sqlite_job_try(sql, &is_sound);
        if (is_sound)
            look_at_bodies(store, job, tell, arg);
        else
            tell(arg, "its row is damaged", job->seq);
        are_sound &= is_sound;
        stored_job_free(job);
    }
    return are_sound;
}
