/*
 * reader: bytes in, messages out. It cuts the server's stream into a header (one line, parsed) and
 * its payload, wherever the bytes happen to be split.
 *
 *     while (there is input) {
 *         receive up to `room` bytes into tmc_reader_room(reader, &room);
 *         tmc_reader_filled(reader, count);
 *         while (tmc_reader_next(reader, &message, failure) == TM_CLIENT_OK && message.header)
 *             take the message;
 *     }
 *
 * A payload is received in place, into a buffer that grows with what has arrived and never on the
 * word of `size`; and a `size` over what the server said it would send is the end.
 */
#ifndef TASKMASTER_CLIENT_LIB_READER_H
#define TASKMASTER_CLIENT_LIB_READER_H

#include "failure.h"
#include "message.h"

enum {
    GREETING_SIZE_MAX = 64 * 1024,
    ANSWER_SIZE_MAX = 64 * 1024 * 1024, /* of stats and workers: some 200 bytes for each of them */
};

struct tmc_reader;

/* NULL: no memory. */
struct tmc_reader *tmc_reader_new(void);
void tmc_reader_free(struct tmc_reader *reader);

/* The largest payload of a job, as the server's hello has it; before, the little that a hello could
 * have one day. The answers that grow with the server's pool and modules may have ANSWER_SIZE_MAX.
 */
void tmc_reader_set_payload_max(struct tmc_reader *reader, size_t payload_max);

/* Where the next bytes go. NULL: no memory. */
char *tmc_reader_room(struct tmc_reader *reader, size_t *room);

/* `count` bytes are in the room. */
void tmc_reader_filled(struct tmc_reader *reader, size_t count);

/* OK: `message` holds a message whose parts are the caller's, or nothing (`line` NULL). PROTOCOL or
 * MEMORY: the stream cannot be read on. */
tm_client_status tmc_reader_next(struct tmc_reader *reader, struct tmc_message *message,
                                 struct tmc_failure *failure);

/* True while only a part of a message is in. */
bool tmc_reader_midway(const struct tmc_reader *reader);

#endif
