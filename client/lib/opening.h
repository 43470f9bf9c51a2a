/* opening: a connect without waiting: the addresses of a name are tried one after another. Above
 * address and request. */
#ifndef TASKMASTER_CLIENT_LIB_OPENING_H
#define TASKMASTER_CLIENT_LIB_OPENING_H

#include "address.h"
#include "request.h"

struct tmc_event;

/* Hears of the end of an opening (approach.h). */
typedef void tmc_opening_over(tm_client *client, tm_client_status status, struct tmc_event *hello);

struct tmc_opening {
    struct tmc_address address;
    struct addrinfo *infos;      /* owned; NULL: a unix socket */
    const struct addrinfo *next; /* not tried yet */
    struct tmc_request hello;    /* to be sent once connected */
    bool connected;
    bool local_tried;
    tmc_opening_over *over;
};

/* Looks the address up. Returns OK, INVALID, UNREACHABLE or MEMORY. OK: `*opening` is the caller's.
 */
tm_client_status tmc_opening_new(const char *address, struct tmc_opening **opening,
                                 struct tmc_failure *failure);

/* NULL is allowed. */
void tmc_opening_free(struct tmc_opening *opening);

/* Begins the next connect. Returns a socket, the caller's; or -1 if no address is left: then errno
 * is that of the last one, or `error` without any. */
int tmc_opening_next(struct tmc_opening *opening, int error);

enum tmc_opening_state { TMC_OPENING_UNDERWAY, TMC_OPENING_CONNECTED, TMC_OPENING_FAILED };

/* Looks at the socket. FAILED: errno has the reason. */
enum tmc_opening_state tmc_opening_look(int fd);

#endif
