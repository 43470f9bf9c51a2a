/*
 * sqlite_room: how much room is left, for new jobs and at all.
 *
 * New jobs stop at 90 % of store-max and of the disk: what is left is for outcomes and results, and
 * for SQLite, which needs room even to delete. On a large disk the last tenth is more than the
 * store may ever take. Then as much as store-max still allows is enough.
 */
#include "queue/store/sqlite_internal.h"

enum {
    PAGE = 4096,
    WAL_PART = 16, /* of the room, for the write-ahead log */
    WAL_PAGES_MIN = 64,
    ROW_BYTES = 512, /* of a job beside its input, with its places in indexes */
};

static uint64_t tenth(uint64_t bytes)
{
    return bytes / 10;
}

static uint64_t less(uint64_t from, uint64_t bytes)
{
    return from > bytes ? from - bytes : 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t bytes_of_pages(struct sqlite_store *store, enum sqlite_statement count)
{
    return sqlite_read_number(store, sqlite_db_use(&store->db, count)) * PAGE;
}

/* The disk's bytes, all and free. `unused` bytes of the database are as good as free ones. */
struct disk {
    uint64_t all, free;
};

static struct disk look_at_disk(const struct sqlite_store *store, uint64_t unused)
{
    struct disk disk;
    store_dir_room(&store->dir, &disk.free, &disk.all);
    disk.free = disk.all ? disk.free + unused : UINT64_MAX;
    return disk;
}

/* The reserve's bytes are for no new job, also while it is given back. */
static uint64_t disk_room(const struct sqlite_store *store, const struct disk *disk,
                          uint64_t to_max)
{
    uint64_t reserve = store->lacks_reserve ? STORE_DIR_RESERVE : 0;
    return less(disk->free, reserve + least(tenth(disk->all), to_max));
}

/* The log takes its share of what is there, lest jobs find none. */
static unsigned wal_limit(uint64_t room)
{
    uint64_t pages = least(room / WAL_PART / PAGE, SQLITE_WAL_PAGES);
    return pages > WAL_PAGES_MIN ? (unsigned)pages : WAL_PAGES_MIN;
}

void sqlite_room_look(struct sqlite_store *store)
{
    uint64_t unused = bytes_of_pages(store, SQL_FREE_PAGES), max = atomic_load(&store->max);
    uint64_t bytes = less(bytes_of_pages(store, SQL_PAGES), unused) + store->files.bytes;
    uint64_t to_max = less(max, bytes);
    struct disk disk = look_at_disk(store, unused);
    store->room = least(less(max - tenth(max), bytes), disk_room(store, &disk, to_max));
    store->wal_limit = wal_limit(store->room);
    atomic_store(&store->bytes, bytes);
    atomic_store(&store->left, least(to_max, disk.free));
    atomic_store(&store->has_room, !store->is_full && store->room > 0);
}

bool sqlite_room_takes(struct sqlite_store *store, size_t size)
{
    if (store->is_full || store->room < size + ROW_BYTES)
        return false;
    store->room -= size + ROW_BYTES;
    return true;
}
