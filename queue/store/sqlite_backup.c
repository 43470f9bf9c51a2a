/* sqlite_backup: see sqlite_backup.h. */
#include "queue/store/sqlite_backup.h"

#include "common/xmalloc.h"
#include "queue/store/body_copy.h"
#include "queue/store/sqlite_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STEP_PAGES = 256, STEP_BYTES = 1 << 20 };

struct sqlite_backup {
    struct sqlite_store *store;
    struct store_op *op;
    char *part;             /* the directory while it is made */
    int directory;          /* its descriptor; -1: not made */
    int payloads;           /* likewise, of the one in it */
    sqlite3 *handle;        /* of the copy */
    sqlite3_backup *pages;  /* NULL once all are copied */
    struct body_copy files; /* begun after the pages */
    bool is_complete, has_failed;
};

/* --- faults --- */

__attribute__((format(printf, 3, 4))) static bool fail(struct sqlite_backup *backup, bool is_full,
                                                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(backup->op->error, sizeof backup->op->error, format, args);
    va_end(args);
    backup->op->status = is_full ? STORE_NO_ROOM : STORE_FAILED;
    backup->has_failed = true;
    return false;
}

static bool fail_errno(struct sqlite_backup *backup)
{
    int error = errno;
    return fail(backup, error == ENOSPC || error == EDQUOT, "%s: %s", backup->part,
                strerror(error));
}

static bool fail_sqlite(struct sqlite_backup *backup)
{
    return fail(backup, (sqlite3_errcode(backup->handle) & 0xff) == SQLITE_FULL, "%s: %s",
                backup->part, sqlite3_errmsg(backup->handle));
}

/* --- the beginning --- */

static bool make_directory(struct sqlite_backup *backup)
{
    if (backup->op->path[0] != '/')
        return fail(backup, false, "%s: expected an absolute path", backup->op->path);
    if (access(backup->op->path, F_OK) == 0)
        return fail(backup, false, "%s: %s", backup->op->path, strerror(EEXIST));
    if (mkdir(backup->part, 0700) < 0)
        return fail_errno(backup);
    backup->directory = open(backup->part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return backup->directory >= 0 || fail_errno(backup);
}

/* The copy is worth nothing before its end: it is synced then, and needs no journal. */
static bool open_copy(struct sqlite_backup *backup)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    char *path = xasprintf("%s/%s", backup->part, SQLITE_STORE_FILE);
    int fd = openat(backup->directory, SQLITE_STORE_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    int code = sqlite3_open_v2(path, &backup->handle, flags, NULL);
    free(path);
    if (fd < 0)
        return fail_errno(backup);
    close(fd);
    if (code != SQLITE_OK ||
        sqlite3_exec(backup->handle, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL,
                     NULL, NULL) != SQLITE_OK)
        return fail_sqlite(backup);
    backup->pages = sqlite3_backup_init(backup->handle, "main", backup->store->db.handle, "main");
    return backup->pages || fail_sqlite(backup);
}

struct sqlite_backup *sqlite_backup_new(struct sqlite_store *store, struct store_op *op)
{
    struct sqlite_backup *backup = xcalloc(1, sizeof *backup);
    *backup = (struct sqlite_backup){.store = store, .op = op, .directory = -1, .payloads = -1};
    backup->part = xasprintf("%s.part", op->path);
    body_files_hold(&store->files);
    if (make_directory(backup))
        open_copy(backup);
    return backup;
}

/* --- the steps --- */

/* The files of this moment, which is the copy's. */
static bool begin_files(struct sqlite_backup *backup)
{
    int code = sqlite3_backup_finish(backup->pages);
    backup->pages = NULL;
    if (code != SQLITE_OK)
        return fail_sqlite(backup);
    if (mkdirat(backup->directory, "payloads", 0700) < 0)
        return fail_errno(backup);
    backup->payloads = openat(backup->directory, "payloads", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (backup->payloads < 0 ||
        body_copy_begin(&backup->files, &backup->store->files, backup->payloads) < 0)
        return fail_errno(backup);
    return true;
}

static bool copy_pages(struct sqlite_backup *backup)
{
    int code = sqlite3_backup_step(backup->pages, STEP_PAGES);
    if (code == SQLITE_DONE)
        return begin_files(backup);
    return code == SQLITE_OK || fail_sqlite(backup);
}

static bool sync_file(const struct sqlite_backup *backup, const char *name)
{
    int fd = openat(backup->directory, name, O_RDONLY | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return is_synced;
}

static bool complete(struct sqlite_backup *backup)
{
    int code = sqlite3_close(backup->handle);
    backup->handle = NULL;
    if (code != SQLITE_OK)
        return fail(backup, false, "%s: %s", backup->part, sqlite3_errstr(code));
    if (!sync_file(backup, SQLITE_STORE_FILE) || !sync_file(backup, "payloads") ||
        !sync_file(backup, ".") || rename(backup->part, backup->op->path) < 0 ||
        !sync_file(backup, ".."))
        return fail_errno(backup);
    return true;
}

static bool copy_files(struct sqlite_backup *backup)
{
    int rc = body_copy_step(&backup->files, STEP_BYTES);
    if (rc < 0)
        return fail_errno(backup);
    backup->is_complete = rc == 0;
    return !backup->is_complete || complete(backup);
}

static void step(struct sqlite_backup *backup)
{
    if (backup->has_failed)
        return;
    if (backup->store->is_ending)
        fail(backup, false, "the queue ends");
    else if (backup->pages)
        copy_pages(backup);
    else
        copy_files(backup);
}

/* --- the end --- */

static void remove_files(int directory)
{
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    /* cppcheck-suppress readdirCalled ; nobody else reads this stream */
    while (list && (entry = readdir(list)))
        unlinkat(directory, entry->d_name, 0); /* no directory goes by that */
    if (list)
        closedir(list);
}

static void remove_part(const struct sqlite_backup *backup)
{
    if (backup->payloads >= 0)
        remove_files(backup->payloads);
    unlinkat(backup->directory, "payloads", AT_REMOVEDIR);
    remove_files(backup->directory);
    rmdir(backup->part);
}

static void free_backup(struct sqlite_backup *backup)
{
    if (backup->pages)
        sqlite3_backup_finish(backup->pages);
    sqlite3_close(backup->handle);
    body_copy_end(&backup->files);
    if (backup->has_failed && backup->directory >= 0)
        remove_part(backup);
    if (backup->payloads >= 0)
        close(backup->payloads);
    if (backup->directory >= 0)
        close(backup->directory);
    body_files_release(&backup->store->files);
    free(backup->part);
    free(backup);
}

bool sqlite_backup_step(struct sqlite_backup *backup)
{
    step(backup);
    if (!backup->has_failed && !backup->is_complete)
        return false;
    free_backup(backup);
    return true;
}
