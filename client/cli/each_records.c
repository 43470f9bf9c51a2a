/* each_records: see each_records.h. */
#include "each_records.h"

#include "allocate.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 64 * 1024 * 1024 }; /* no record is added beyond */

void each_records_open(struct each_records *records, size_t window)
{
    *records = (struct each_records){.window = window};
    TAILQ_INIT(&records->all);
    TAILQ_INIT(&records->ready);
    TAILQ_INIT(&records->ended);
}

bool each_records_has_room(const struct each_records *records)
{
    return records->held < records->window && records->bytes < BYTES_MAX;
}

static void insert_ready(struct each_records *records, struct each_record *record)
{
    struct each_record *before;
    TAILQ_FOREACH_REVERSE(before, &records->ready, each_record_list, in_state)
    if (before->number < record->number)
        break;
    if (before)
        TAILQ_INSERT_AFTER(&records->ready, before, record, in_state);
    else
        TAILQ_INSERT_HEAD(&records->ready, record, in_state);
}

/* The one way from state to state: keeps the lists and the count. */
static void set_state(struct each_records *records, struct each_record *record,
                      enum each_state state)
{
    if (record->state == EACH_READY)
        TAILQ_REMOVE(&records->ready, record, in_state);
    if (record->state == EACH_IN_FLIGHT)
        records->figures.running--;
    record->state = state;
    if (state == EACH_READY)
        insert_ready(records, record);
    if (state == EACH_IN_FLIGHT)
        records->figures.running++;
    if (state == EACH_ENDED)
        TAILQ_INSERT_TAIL(&records->ended, record, in_state);
}

struct each_record *each_records_add(struct each_records *records, const struct line_text *line)
{
    struct each_record *record = allocate(NULL, sizeof *record);
    *record = (struct each_record){
        .number = ++records->line_count,
        .text = allocate(NULL, line->len + 1),
        .len = line->len,
    };
    memcpy(record->text, line->text, line->len);
    TAILQ_INSERT_TAIL(&records->all, record, in_order);
    set_state(records, record, EACH_READY);
    records->held++;
    records->bytes += record->len;
    return record;
}

void each_records_skip(struct each_records *records, const struct line_text *line)
{
    records->line_count++;
    records->figures.bytes += line->len + 1;
}

void each_records_start(struct each_records *records, struct each_record *record)
{
    set_state(records, record, EACH_IN_FLIGHT);
}

void each_records_retry(struct each_records *records, struct each_record *record)
{
    set_state(records, record, EACH_READY);
}

static size_t result_size(const struct each_record *record)
{
    return record->event ? record->event->size : 0;
}

void each_records_end(struct each_records *records, struct each_record *record,
                      tm_client_event *event, const char *fault)
{
    record->event = event;
    record->fault = fault;
    records->bytes += result_size(record);
    if (each_records_result(record))
        records->figures.done++;
    else
        records->figures.failed++;
    set_state(records, record, EACH_ENDED);
}

void each_records_end_all(struct each_records *records, const char *ready_fault,
                          const char *flight_fault)
{
    struct each_record *record;
    TAILQ_FOREACH (record, &records->all, in_order) {
        if (record->state == EACH_READY && ready_fault)
            each_records_end(records, record, NULL, ready_fault);
        else if (record->state == EACH_IN_FLIGHT && flight_fault)
            each_records_end(records, record, NULL, flight_fault);
    }
}

void each_records_remove(struct each_records *records, struct each_record *record)
{
    TAILQ_REMOVE(&records->all, record, in_order);
    TAILQ_REMOVE(&records->ended, record, in_state);
    records->held--;
    records->bytes -= record->len + result_size(record);
    records->figures.bytes += record->len + 1;
    tm_client_event_free(record->event);
    free(record->text);
    free(record);
}

void each_records_close(struct each_records *records)
{
    struct each_record *record;
    each_records_end_all(records, "given up", "given up");
    while ((record = TAILQ_FIRST(&records->all)))
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): blind to TAILQ's links */
        each_records_remove(records, record);
}

struct each_record *each_records_ready(const struct each_records *records)
{
    return TAILQ_FIRST(&records->ready);
}

struct each_record *each_records_printable(const struct each_records *records, bool unordered)
{
    struct each_record *first = TAILQ_FIRST(&records->all);
    if (unordered)
        return TAILQ_FIRST(&records->ended);
    return first && first->state == EACH_ENDED ? first : NULL;
}

const tm_client_event *each_records_result(const struct each_record *record)
{
    return record->event && record->event->type == TM_CLIENT_EVENT_DONE ? record->event : NULL;
}
