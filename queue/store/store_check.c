/*
 * store_check: see store_check.h.
 *
 * SQLite checks its own pages and indexes. Beyond that each job has its bodies, in the tables or as
 * files, and each body has its job. Rows and bodies have their sums.
 */
#include "queue/store/store_check.h"

#include "common/xmalloc.h"
#include "queue/store/sqlite_internal.h"
#include "queue/store/sqlite_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOLD_MAX = 20 }; /* faults of one kind; the others are counted */

struct check {
    struct sqlite_store store;
    FILE *out;
    uint64_t faults, files, orphans, damaged;
};

__attribute__((format(printf, 2, 3))) static void tell_fault(struct check *check,
                                                             const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    /* SQLite may quote a broken schema: nothing of that controls a terminal. */
    for (unsigned char *at = (unsigned char *)text; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    fprintf(check->out, "fault: %s\n", text);
    check->faults++;
}

/* --- queries --- */

/* Each row is a fault. */
struct query {
    const char *sql, *fault; /* the fault has the row's value */
};

static const struct query pages = {"PRAGMA integrity_check(20)", "%s"};

static const struct query rows[] = {
    {"SELECT seq FROM input WHERE NOT EXISTS (SELECT 1 FROM job WHERE job.seq = input.seq)",
     "the payload of a job q%s, which is not there"},
    {"SELECT seq FROM result WHERE NOT EXISTS (SELECT 1 FROM job WHERE job.seq = result.seq)",
     "the result of a job q%s, which is not there"},
    {"SELECT seq FROM job WHERE seq >= (SELECT next_seq FROM meta)",
     "job q%s: its number would be used again"},
    {"SELECT 'next_seq' WHERE (SELECT count(*) FROM meta) != 1", "%s is not one row"},
};

static void tell_row(struct check *check, const char *fault, const char *value, uint64_t count)
{
    char text[512];
    const char *at = strstr(fault, "%s");
    if (count > TOLD_MAX)
        return;
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - fault), fault, value, at + 2);
    tell_fault(check, "%s", text);
}

static void run_query(struct check *check, const struct query *query)
{
    sqlite3 *handle = check->store.db.handle;
    sqlite3_stmt *sql = NULL;
    uint64_t count = 0;
    int code = sqlite3_prepare_v2(handle, query->sql, -1, &sql, NULL);
    while (code == SQLITE_OK && sqlite3_step(sql) == SQLITE_ROW) {
        const char *value = (const char *)sqlite3_column_text(sql, 0);
        if (strcmp(value, "ok") != 0)
            tell_row(check, query->fault, value, ++count);
    }
    if (count > TOLD_MAX)
        tell_fault(check, "and %" PRIu64 " more of this kind", count - TOLD_MAX);
    if (sqlite3_finalize(sql) != SQLITE_OK || code != SQLITE_OK)
        tell_fault(check, "%s", sqlite3_errmsg(handle));
}

/* --- files --- */

static void look_at_file(void *arg, const struct body_name *name, uint64_t size)
{
    struct check *check = arg;
    char text[BODY_NAME_ROOM];
    struct stored_job job = sqlite_read_look(&check->store, name->seq);
    uint64_t wanted = name->is_result ? job.result.size : job.input.size;
    body_name_write(text, name);
    check->files++;
    if (!sqlite_orphans_has_row(&check->store, name)) {
        check->orphans++;
    } else if (size != wanted) {
        tell_fault(check, "payloads/%s: it has %" PRIu64 " bytes, and should have %" PRIu64, text,
                   size, wanted);
    }
}

static void look_for_file(struct check *check, const struct body_name *name)
{
    char text[BODY_NAME_ROOM];
    struct stat st;
    body_name_write(text, name);
    if (fstatat(check->store.files.directory, text, &st, AT_SYMLINK_NOFOLLOW) < 0)
        tell_fault(check, "payloads/%s: %s", text, strerror(errno));
}

/* Jobs with files, from their rows. */
static void look_for_files(struct check *check)
{
    static const char text[] = "SELECT seq, attempt, input_size > 65536 AND done = 0,"
                               " result_size > 65536 FROM job"
                               " WHERE input_size > 65536 OR result_size > 65536";
    sqlite3_stmt *sql;
    if (sqlite3_prepare_v2(check->store.db.handle, text, -1, &sql, NULL) != SQLITE_OK)
        return;
    while (sqlite3_step(sql) == SQLITE_ROW) {
        uint64_t seq = (uint64_t)sqlite3_column_int64(sql, 0);
        struct body_name input = sqlite_body_input(seq);
        struct body_name result = sqlite_body_result(seq, (uint32_t)sqlite3_column_int64(sql, 1));
        if (sqlite3_column_int(sql, 2))
            look_for_file(check, &input);
        if (sqlite3_column_int(sql, 3))
            look_for_file(check, &result);
    }
    sqlite3_finalize(sql);
}

/* --- sums --- */

static void tell_damage(void *arg, const char *what, uint64_t seq)
{
    struct check *check = arg;
    if (++check->damaged <= TOLD_MAX)
        tell_fault(check, "job q%" PRIu64 ": %s", seq, what);
}

static bool look_at_sums(struct check *check)
{
    bool are_sound = sqlite_sums_look(&check->store, tell_damage, check);
    if (check->damaged > TOLD_MAX)
        tell_fault(check, "and %" PRIu64 " more of this kind", check->damaged - TOLD_MAX);
    return are_sound;
}

/* --- the whole --- */

static void tell_jobs(struct check *check)
{
    struct store_contents contents = {0};
    struct store_count all = {0};
    sqlite_contents_read(&check->store, &contents);
    for (size_t i = 0; i < contents.module_count; i++) {
        all.waiting += contents.modules[i].waiting;
        all.delayed += contents.modules[i].delayed;
        all.handed += contents.modules[i].handed;
        all.ended += contents.modules[i].ended;
    }
    fprintf(check->out,
            "jobs: %" PRIu64 " waiting, %" PRIu64 " delayed, %" PRIu64 " handed, %" PRIu64
            " ended; modules: %zu; the next job is q%" PRIu64 "\n",
            all.waiting, all.delayed, all.handed, all.ended, contents.module_count,
            contents.next_seq);
    sqlite_contents_free(&contents);
}

static void check_contents(struct check *check)
{
    char error[200];
    int version = sqlite_schema_version(check->store.db.handle, error, sizeof error);
    if (version >= 0 && version < sqlite_schema_newest())
        fprintf(check->out, "schema: %d, and %d after the next start\n", version,
                sqlite_schema_newest());
    else if (version < 0 || !sqlite_db_prepare(&check->store.db, error, sizeof error))
        tell_fault(check, "%s", error);
    else {
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            run_query(check, &rows[i]);
        if (look_at_sums(check)) /* else they cannot be counted */
            tell_jobs(check);
        body_files_each(&check->store.files, look_at_file, check);
        look_for_files(check);
        fprintf(check->out, "files: %" PRIu64 "\n", check->files);
    }
}

static void check_all(struct check *check)
{
    run_query(check, &pages);
    check_contents(check);
    if (check->orphans)
        fprintf(check->out, "files without a job: %" PRIu64 "; they go at the next start\n",
                check->orphans);
    if (check->store.db.fault)
        tell_fault(check, "%s", check->store.db.why);
}

/* --- opening and closing --- */

static bool open_db(struct check *check, const struct store_settings *settings, char *error,
                    size_t error_size)
{
    char *path = xasprintf("%s/" SQLITE_STORE_FILE, settings->path);
    bool is_open = sqlite_db_connect(&check->store.db, path, STORE_SYNC_FULL, error, error_size);
    if (is_open) /* nothing is to change, the log neither */
        sqlite_db_keep_log(&check->store.db);
    free(path);
    return is_open;
}

static enum store_health tell_health(const struct check *check,
                                     const struct store_settings *settings)
{
    if (check->faults)
        fprintf(check->out, "store-path %s: faults: %" PRIu64 "\n", settings->path, check->faults);
    else
        fprintf(check->out, "store-path %s: the store is sound\n", settings->path);
    return check->faults ? STORE_BROKEN : STORE_SOUND;
}

static enum store_health check_open(struct check *check, const struct store_settings *settings)
{
    char error[256], *payloads = xasprintf("%s/payloads", settings->path);
    int opened = body_files_open_old(&check->store.files, payloads);
    free(payloads);
    if (faccessat(check->store.dir.fd, SQLITE_STORE_FILE, F_OK, 0) < 0 || opened < 0) {
        fprintf(check->out, "store-path %s: there is no store in it\n", settings->path);
        return STORE_UNOPENED;
    }
    if (open_db(check, settings, error, sizeof error))
        check_all(check);
    else
        tell_fault(check, "%s", error);
    return tell_health(check, settings);
}

enum store_health store_check(const struct store_settings *settings, FILE *out)
{
    char error[PATH_MAX + 100];
    struct check check = {.out = out, .store = {.dir = {.fd = -1}, .files = {.directory = -1}}};
    STAILQ_INIT(&check.store.backups);
    if (!store_dir_open_old(&check.store.dir, settings, error, sizeof error)) {
        fprintf(out, "%s\n", error);
        return STORE_UNOPENED;
    }
    enum store_health health = check_open(&check, settings);
    sqlite_store_close(&check.store);
    return health;
}
