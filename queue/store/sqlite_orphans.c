/* sqlite_orphans: files without a row, left by a crash between the two. */
#include "queue/store/sqlite_internal.h"

bool sqlite_orphans_has_row(struct sqlite_store *store, const struct body_name *name)
{
    struct stored_job job = sqlite_read_look(store, name->seq);
    if (name->is_result)
        return job.run.state == STORED_ENDED && job.run.attempt == name->attempt &&
               job.result.size > STORED_INLINE_MAX;
    return !job.outcome.is_done && job.input.size > STORED_INLINE_MAX;
}

/* No file goes on the word of a broken row, which is a fault. */
static bool is_sound(struct sqlite_store *store, uint64_t seq)
{
    struct store_op op = {.seq = seq};
    sqlite_read_load(store, &op);
    stored_job_free(op.job);
    return !store->db.fault;
}

static void look(void *arg, const struct body_name *name, uint64_t size)
{
    struct sqlite_store *store = arg;
    store->files.bytes += size;
    if (!sqlite_orphans_has_row(store, name) && is_sound(store, name->seq))
        body_files_doom(&store->files, name);
}

int sqlite_orphans_remove(struct sqlite_store *store)
{
    if (body_files_each(&store->files, look, store) < 0)
        return -1;
    body_files_committed(&store->files);
    return 0;
}
