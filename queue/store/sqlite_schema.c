/* sqlite_schema: see sqlite_schema.h. */
#include "queue/store/sqlite_schema.h"

#include <stdio.h>

enum { APPLICATION_ID = 0x746d7164 }; /* "tmqd": for file(1), and against other databases */

static const char first[] =
    /* state: 0 waiting, 1 delayed, 2 handed, 3 ended. rank: 9 - priority, so that the index has the
     * order of handing on. Times: ms since 1970, 0 for none. Bodies of up to 64 KiB are in `input`
     * and `result`; larger ones are files. The sums: stored_sum.h. */
    "CREATE TABLE job (seq INTEGER PRIMARY KEY, state INTEGER NOT NULL, cancelled INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, failures INTEGER NOT NULL, losses INTEGER NOT NULL,"
    " due INTEGER NOT NULL, expires INTEGER NOT NULL, run_sum INTEGER NOT NULL,"
    " module TEXT NOT NULL, owner TEXT NOT NULL,"
    " id TEXT NOT NULL, context TEXT, key TEXT, digest BLOB, rank INTEGER NOT NULL,"
    " retry_on INTEGER NOT NULL, detached INTEGER NOT NULL, usage INTEGER NOT NULL,"
    " retries INTEGER NOT NULL, retry_delay INTEGER NOT NULL, timeout INTEGER NOT NULL,"
    " soft_timeout INTEGER NOT NULL, max_wait INTEGER NOT NULL, ttl INTEGER NOT NULL,"
    " submitted INTEGER NOT NULL, input_size INTEGER NOT NULL, input_sum INTEGER NOT NULL,"
    " wish_sum INTEGER NOT NULL, result_size INTEGER NOT NULL, result_sum INTEGER NOT NULL,"
    " done INTEGER NOT NULL, reason TEXT, fields TEXT, ended INTEGER NOT NULL,"
    " over INTEGER NOT NULL, outcome_sum INTEGER NOT NULL) STRICT;"
    "CREATE TABLE input (seq INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"
    "CREATE TABLE result (seq INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"
    "CREATE TABLE pause (module TEXT PRIMARY KEY) STRICT;" /* "": all */
    "CREATE TABLE meta (next_seq INTEGER NOT NULL) STRICT;"
    "INSERT INTO meta VALUES (1);"
    "CREATE INDEX job_waiting ON job (module, rank, seq) WHERE state = 0;"
    "CREATE INDEX job_due ON job (due) WHERE state = 1;"
    "CREATE INDEX job_handed ON job (seq) WHERE state = 2;"
    "CREATE INDEX job_over ON job (over) WHERE state = 3;"
    "CREATE INDEX job_expires ON job (expires) WHERE state < 2 AND expires > 0;"
    "CREATE UNIQUE INDEX job_key ON job (owner, module, key)"
    " WHERE key IS NOT NULL AND (state < 3 OR done = 1);";

static const char *const migrations[] = {first};

enum { VERSION = sizeof migrations / sizeof *migrations };

static int read_number(sqlite3 *handle, const char *sql)
{
    sqlite3_stmt *statement;
    int number = -1;
    if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) != SQLITE_OK)
        return -1;
    if (sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

static bool run(sqlite3 *handle, const char *sql, char *error, size_t error_size)
{
    if (sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    snprintf(error, error_size, "%s", sqlite3_errmsg(handle));
    return false;
}

static bool migrate(sqlite3 *handle, int from, char *error, size_t error_size)
{
    char note[128];
    for (int i = from; i < VERSION; i++)
        if (!run(handle, migrations[i], error, error_size))
            return false;
    snprintf(note, sizeof note, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
             APPLICATION_ID, VERSION);
    return run(handle, note, error, error_size);
}

static int refuse(char *error, size_t error_size, const char *why)
{
    snprintf(error, error_size, "%s", why);
    return -1;
}

int sqlite_schema_version(sqlite3 *handle, char *error, size_t error_size)
{
    int version = read_number(handle, "PRAGMA user_version");
    int tables = read_number(handle, "SELECT count(*) FROM sqlite_schema");
    if (version < 0 || tables < 0)
        return refuse(error, error_size, sqlite3_errmsg(handle));
    if (tables && read_number(handle, "PRAGMA application_id") != APPLICATION_ID)
        return refuse(error, error_size, "it is a database of another program");
    if (version <= VERSION)
        return version;
    snprintf(error, error_size,
             "a newer release made it: its schema is %d, and this one knows up to %d", version,
             VERSION);
    return -1;
}

int sqlite_schema_newest(void)
{
    return VERSION;
}

bool sqlite_schema_upgrade(sqlite3 *handle, char *error, size_t error_size)
{
    int version = sqlite_schema_version(handle, error, error_size);
    if (version < 0 || version == VERSION)
        return version == VERSION;
    if (run(handle, "BEGIN IMMEDIATE", error, error_size) &&
        migrate(handle, version, error, error_size))
        return true;
    sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
    return false;
}
