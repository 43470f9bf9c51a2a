/*
 * sqlite_contents: what is in the store at the start: all jobs are verified, and counted by module
 * and owner.
 *
 * A scan takes a second or two for a million jobs. Counts in a table of their own would make each
 * operation dearer.
 */
#include "queue/store/sqlite_internal.h"

#include "base/hash.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

/* A name's place among the counts. */
struct place {
    struct hash_node by_name;
    size_t at;
};

/* Clients choose the names of modules: there may be as many as jobs. */
struct counts {
    struct store_count *items;
    size_t count, room;
    struct hash places;
};

static struct place *place_of(struct hash_node *node)
{
    return (struct place *)((char *)node - offsetof(struct place, by_name));
}

static struct store_count *add(struct counts *counts, const char *name, uint64_t hash)
{
    struct place *place = xmalloc(sizeof *place);
    if (counts->count == counts->room) {
        counts->room = counts->room ? 2 * counts->room : 16;
        counts->items = xrealloc(counts->items, counts->room * sizeof *counts->items);
    }
    place->at = counts->count++;
    hash_insert(&counts->places, &place->by_name, hash);
    counts->items[place->at] = (struct store_count){.name = xstrdup(name)};
    return &counts->items[place->at];
}

static struct store_count *find(struct counts *counts, const char *name)
{
    uint64_t hash = siphash(name, strlen(name), 0);
    struct hash_node *node = hash_first(&counts->places, hash);
    while (node && strcmp(counts->items[place_of(node)->at].name, name) != 0)
        node = hash_next(node);
    return node ? &counts->items[place_of(node)->at] : add(counts, name, hash);
}

static void free_place(struct hash_node *node, void *arg)
{
    (void)arg;
    free(place_of(node));
}

static void init_counts(struct counts *counts)
{
    *counts = (struct counts){0};
    hash_init(&counts->places);
}

/* The items stay. */
static void forget_places(struct counts *counts)
{
    hash_each(&counts->places, free_place, NULL);
    hash_free(&counts->places);
}

static void count_job(struct store_count *count, enum stored_state state)
{
    switch (state) {
    case STORED_WAITING:
        count->waiting++;
        break;
    case STORED_DELAYED:
        count->delayed++;
        break;
    case STORED_HANDED:
        count->handed++;
        break;
    default:
        count->ended++;
        break;
    }
}

static void count_jobs(struct sqlite_store *store, struct store_contents *contents)
{
    struct counts modules, owners;
    init_counts(&modules);
    init_counts(&owners);
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_LIST);
    sqlite_db_bind(sql, 1, 0);
    while (sqlite_db_row(&store->db, sql)) {
        struct stored_job *job = sqlite_job_read(&store->db, sql);
        count_job(find(&modules, job->wish.module), job->run.state);
        count_job(find(&owners, job->wish.owner), job->run.state);
        stored_job_free(job);
    }
    forget_places(&modules);
    forget_places(&owners);
    contents->modules = modules.items;
    contents->module_count = modules.count;
    contents->owners = owners.items;
    contents->owner_count = owners.count;
}

static void read_paused(struct sqlite_store *store, struct store_contents *contents)
{
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_PAUSED);
    while (sqlite_db_row(&store->db, sql)) {
        contents->paused =
            xrealloc(contents->paused, (contents->paused_count + 1) * sizeof *contents->paused);
        contents->paused[contents->paused_count++] =
            xstrdup((const char *)sqlite3_column_text(sql, 0));
    }
}

void sqlite_contents_read(struct sqlite_store *store, struct store_contents *contents)
{
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_GET_NEXT);
    if (sqlite_db_row(&store->db, sql))
        store->next_seq = (uint64_t)sqlite3_column_int64(sql, 0);
    sqlite_db_run(&store->db, sql);
    store->written_next_seq = store->next_seq;
    contents->next_seq = store->next_seq;
    count_jobs(store, contents);
    read_paused(store, contents);
}

static void free_counts(struct store_count *counts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *)counts[i].name);
    free(counts);
}

void sqlite_contents_free(struct store_contents *contents)
{
    free_counts(contents->modules, contents->module_count);
    free_counts(contents->owners, contents->owner_count);
    for (size_t i = 0; i < contents->paused_count; i++)
        free((char *)contents->paused[i]);
    free(contents->paused);
    *contents = (struct store_contents){0};
}
