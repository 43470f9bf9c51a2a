/* payload: see payload.h. */
#include "payload.h"

#include "allocate.h"
#include "complain.h"
#include "exit_status.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

/* Reads standard input once. Returns the bytes read, 0 at the end of input, -1 with errno. */
static ssize_t read_once(struct payload *payload)
{
    ssize_t count;
    if (payload->capacity - payload->size < READ_SIZE) {
        payload->capacity = payload->capacity * 2 + READ_SIZE;
        payload->owned = allocate(payload->owned, payload->capacity);
    }
    count = read(STDIN_FILENO, payload->owned + payload->size, payload->capacity - payload->size);
    if (count > 0)
        payload->size += (size_t)count;
    return count;
}

/* Reads all of standard input, at most `max` bytes. Returns 0, or an exit status after a complaint.
 */
static int read_stdin(const struct settings *settings, size_t max, struct payload *payload)
{
    ssize_t count;
    do {
        struct pollfd poll_fd = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&poll_fd, 1, settings_time_left_ms(settings, -1)) == 0) {
            complain("standard input did not end in time");
            return EXIT_TIMED_OUT;
        }
        count = read_once(payload);
        if (count < 0 && errno != EINTR && errno != EAGAIN) {
            complain("cannot read standard input: %s", strerror(errno));
            return EXIT_JOB_FAILED;
        }
        if (payload->size > max) {
            complain(PAYLOAD_TOO_LARGE, max);
            return EXIT_JOB_FAILED;
        }
    } while (count != 0);
    payload->data = payload->owned;
    return 0;
}

int payload_read(const struct settings *settings, const tm_client *client, struct payload *payload)
{
    memset(payload, 0, sizeof *payload);
    if (settings->arg_count < 2)
        return read_stdin(settings, tm_client_payload_max(client), payload);
    payload->data = settings->args[1];
    payload->size = strlen(settings->args[1]);
    return 0;
}

void payload_free(struct payload *payload)
{
    free(payload->owned);
}
