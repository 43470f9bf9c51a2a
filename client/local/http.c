/* http: see http.h. The answer ends with the connection (HTTP/1.0), so that nothing has to be taken
 * apart but the status. */
#include "client/local/http.h"

#include "client/lib/address.h"
#include "client/lib/deadline.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = 65536 };

static int connect_to(const char *text, int64_t deadline)
{
    struct tmc_address address;
    struct tmc_failure failure;
    int fd;
    if (tmc_address_parse(text, &address, &failure) != TM_CLIENT_OK ||
        tmc_address_connect(&address, deadline, &fd, &failure) != TM_CLIENT_OK)
        return -1;
    return fd;
}

/* So short a request is taken at once. */
static bool send_request(int fd, const char *address, const char *path)
{
    char request[1024];
    const char *host = strncmp(address, "unix:", 5) == 0 ? "localhost" : address;
    int len = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, host);
    return send(fd, request, (size_t)len, MSG_NOSIGNAL) == len;
}

static char *read_answer(int fd, int64_t deadline)
{
    size_t len = 0;
    char *text = malloc(ANSWER_MAX + 1);
    while (text && len < ANSWER_MAX) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        if (poll(&poll_fd, 1, tmc_deadline_left_ms(deadline)) <= 0)
            break;
        ssize_t count = recv(fd, text + len, ANSWER_MAX - len, 0);
        if (count <= 0)
            break;
        len += (size_t)count;
    }
    if (text)
        text[len] = '\0';
    return text;
}

/* "HTTP/1.1 200 OK"; -1: it is no such line. */
static int status_of(const char *answer)
{
    const char *blank = strchr(answer, ' ');
    if (!blank || strncmp(answer, "HTTP/1.", 7) != 0)
        return -1;
    long status = strtol(blank + 1, NULL, 10);
    return status >= 100 && status <= 599 ? (int)status : -1;
}

/* Takes the answer. */
static char *body_of(char *answer, int *status)
{
    char *body = answer ? strstr(answer, "\r\n\r\n") : NULL;
    *status = body ? status_of(answer) : -1;
    body = *status < 0 ? NULL : strdup(body + 4);
    free(answer);
    return body;
}

char *http_get(const char *address, const char *path, int64_t deadline, int *status)
{
    int fd = connect_to(address, deadline);
    *status = fd < 0 ? 0 : -1;
    char *body = NULL;
    if (fd >= 0 && send_request(fd, address, path))
        body = body_of(read_answer(fd, deadline), status);
    if (fd >= 0)
        close(fd);
    return body;
}
