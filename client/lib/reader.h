/*
 * reader: bytes in, messages out. Cuts the server's stream into headers (one line, parsed) and
 * payloads, wherever the bytes happen to be split. Above message and event_kind.
 *
 *     while (there is input) {
 *         receive up to `room` bytes into tmc_reader_room(reader, &room);
 *         tmc_reader_filled(reader, count);
 *         while (tmc_reader_next(reader, &message, failure) == TM_CLIENT_OK && message.header)
 *             take the message;
 *     }
 *
 * A payload is received in place, into a buffer growing with the bytes received: `size` alone costs
 * no memory. A `size` over the server's own limit is a fault.
 */
#ifndef TASKMASTER_CLIENT_LIB_READER_H
#define TASKMASTER_CLIENT_LIB_READER_H

#include "failure.h"
#include "message.h"

enum {
    GREETING_SIZE_MAX = 64 * 1024,
    ANSWER_SIZE_MAX = 64 * 1024 * 1024, /* some 200 bytes for each worker and module */
};

struct tmc_reader;

/* Returns NULL without memory. */
struct tmc_reader *tmc_reader_new(void);
void tmc_reader_free(struct tmc_reader *reader);

/* Sets the largest payload of a job, from the server's hello. Before, it is GREETING_SIZE_MAX; for
 * answers growing with the server's pool and modules, it is at least ANSWER_SIZE_MAX. For `peek`
 * and the ends of a service's jobs, it is PAYLOAD_SIZE_MAX. */
void tmc_reader_set_payload_max(struct tmc_reader *reader, size_t payload_max);

/* From now on PAYLOAD_SIZE_MAX holds for the ends of all jobs: the server keeps results. */
void tmc_reader_allow_any_result(struct tmc_reader *reader);

/* Returns the place for the next bytes, `*room` bytes large; NULL without memory. */
char *tmc_reader_room(struct tmc_reader *reader, size_t *room);

/* Takes note of `count` bytes in the room. */
void tmc_reader_filled(struct tmc_reader *reader, size_t count);

/* Takes the next whole message. Returns OK, PROTOCOL or MEMORY; after a fault, reading cannot go
 * on. OK: the parts of `message` are the caller's; `line` is NULL if no message is whole. */
tm_client_status tmc_reader_next(struct tmc_reader *reader, struct tmc_message *message,
                                 struct tmc_failure *failure);

/* Returns true while a part of a message is there. */
bool tmc_reader_midway(const struct tmc_reader *reader);

#endif
