/*
 * each_records: the lines of a batch on their way, and how many have ended how. Calls allocate
 * alone.
 *
 *     add -> READY -> IN_FLIGHT -> ENDED -> remove
 *              ^          |
 *              +----------+  retry, after an overload
 *
 * Memory is bounded: the caller adds a line only while each_records_has_room().
 */
#ifndef TASKMASTER_CLIENT_CLI_EACH_RECORDS_H
#define TASKMASTER_CLIENT_CLI_EACH_RECORDS_H

#include "lines.h"
#include "progress.h"
#include "taskmaster/client.h"

#include <sys/queue.h>

enum each_state {
    EACH_NEW,
    EACH_READY,
    EACH_IN_FLIGHT,
    EACH_ENDED,
};

struct each_record {
    uint64_t number; /* of the line, from 1 */
    enum each_state state;
    char *text; /* owned; kept to the end, for a retry */
    size_t len;
    uint64_t id;                   /* IN_FLIGHT: the request's */
    uint64_t started_us, ended_us; /* for the log (each_log.h) */
    tm_client_event *event;        /* ENDED: owned; NULL: no event, but `fault` */
    const char *fault;             /* ENDED: borrowed */
    TAILQ_ENTRY(each_record) in_order;
    TAILQ_ENTRY(each_record) in_state; /* READY, ENDED */
};

TAILQ_HEAD(each_record_list, each_record);

struct each_records {
    struct each_record_list all;   /* by number */
    struct each_record_list ready; /* by number: a retry goes before new lines */
    struct each_record_list ended; /* in the order of their ends */
    size_t held, window;           /* number of records, and its limit */
    size_t bytes;                  /* of their lines and results */
    uint64_t line_count;           /* lines added so far */
    struct progress_figures figures;
};

void each_records_open(struct each_records *records, size_t window);

/* Frees all records, in any state. */
void each_records_close(struct each_records *records);

/* True while another record may be added. */
bool each_records_has_room(const struct each_records *records);

/* Copies the line into a new record, READY. */
struct each_record *each_records_add(struct each_records *records, const struct line_text *line);

/* Counts a line without a record. */
void each_records_skip(struct each_records *records, const struct line_text *line);

/* READY to IN_FLIGHT. */
void each_records_start(struct each_records *records, struct each_record *record);

/* IN_FLIGHT to READY. */
void each_records_retry(struct each_records *records, struct each_record *record);

/* To ENDED. Takes the event; `fault` stays the caller's. One of both is NULL. */
void each_records_end(struct each_records *records, struct each_record *record,
                      tm_client_event *event, const char *fault);

/* Ends all READY records with `ready_fault`, and all IN_FLIGHT with `flight_fault`; NULL: none. */
void each_records_end_all(struct each_records *records, const char *ready_fault,
                          const char *flight_fault);

/* Frees an ENDED record. */
void each_records_remove(struct each_records *records, struct each_record *record);

/* The first READY record; NULL: none. */
struct each_record *each_records_ready(const struct each_records *records);

/* The next record to print: ENDED, and in order unless `unordered`. NULL: none. */
struct each_record *each_records_printable(const struct each_records *records, bool unordered);

/* The record's result, or NULL without one. */
const tm_client_event *each_records_result(const struct each_record *record);

#endif
