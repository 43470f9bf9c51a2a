/* opening: see opening.h. */
#include "opening.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>

tm_client_status tmc_opening_new(const char *address, struct tmc_opening **opening,
                                 struct tmc_failure *failure)
{
    struct tmc_opening *made = calloc(1, sizeof *made);
    if (!made)
        return tmc_failure_memory(failure);
    tm_client_status status = tmc_address_parse(address, &made->address, failure);
    if (status == TM_CLIENT_OK && !made->address.local)
        status = tmc_address_resolve(&made->address, &made->infos, failure);
    if (status != TM_CLIENT_OK) {
        free(made);
        return status;
    }
    made->next = made->infos;
    *opening = made;
    return TM_CLIENT_OK;
}

void tmc_opening_free(struct tmc_opening *opening)
{
    if (!opening)
        return;
    if (opening->infos)
        freeaddrinfo(opening->infos);
    free(opening);
}

static int next_tcp(struct tmc_opening *opening)
{
    int fd = -1;
    for (; fd < 0 && opening->next; opening->next = opening->next->ai_next)
        fd = tmc_address_begin_tcp(opening->next);
    return fd;
}

int tmc_opening_next(struct tmc_opening *opening, int error)
{
    errno = error;
    if (!opening->address.local)
        return next_tcp(opening);
    bool first = !opening->local_tried;
    opening->local_tried = true;
    return first ? tmc_address_begin_unix(&opening->address) : -1;
}

enum tmc_opening_state tmc_opening_look(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    int count;
    do
        count = poll(&poll_fd, 1, 0);
    while (count < 0 && errno == EINTR);
    if (count == 0)
        return TMC_OPENING_UNDERWAY;
    return count > 0 && tmc_address_connect_result(fd) == 0 ? TMC_OPENING_CONNECTED
                                                            : TMC_OPENING_FAILED;
}
