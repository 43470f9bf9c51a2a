/* sqlite_statements: all SQL of the engine, except schema and pragmas, each prepared once. */
#ifndef TASKMASTER_QUEUE_STORE_SQLITE_STATEMENTS_H
#define TASKMASTER_QUEUE_STORE_SQLITE_STATEMENTS_H

enum sqlite_statement {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_SET_NEXT,
    SQL_GET_NEXT,
    SQL_PAGES,
    SQL_FREE_PAGES,
    SQL_SHRINK,
    SQL_PAUSED,
    SQL_FIND_KEY,
    SQL_DETACH,
    SQL_PUT,
    SQL_LOAD,
    SQL_TAKE,
    SQL_SET_RUN,
    SQL_END,
    SQL_AGAIN,
    SQL_MARK_CANCELLED,
    SQL_MARK_OVER,
    SQL_LOOK,
    SQL_REMOVE,
    SQL_OVER,
    SQL_NEXT_OVER,
    SQL_DUE,
    SQL_RIPEN,
    SQL_NEXT_DUE,
    SQL_EXPIRED,
    SQL_NEXT_EXPIRED,
    SQL_LIST,
    SQL_LIST_HANDED,
    SQL_PAUSE,
    SQL_RESUME,
    SQL_PUT_INPUT,
    SQL_PUT_RESULT,
    SQL_READ_INPUT,
    SQL_READ_RESULT,
    SQL_DROP_INPUT,
    SQL_DROP_RESULT,
    SQL_STATEMENTS
};

extern const char *const sqlite_statement_texts[SQL_STATEMENTS];

#endif
