/* own_redis: see own_redis.h. */
#include "tests/unit/queue/redis/own_redis.h"

#include "common/xmalloc.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_MS = 20000, LOOK_MS = 5 };

static const char *path_of(const struct own_redis *server)
{
    return server->address + strlen("unix:");
}

/* --- the process --- */

_Noreturn static void become(const struct own_redis *server)
{
    int null = open("/dev/null", O_RDWR);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (null >= 0)
        dup2(null, STDOUT_FILENO);
    execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", path_of(server), "--dir",
           server->dir, "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction",
           (char *)NULL);
    _exit(127);
}

static bool is_listening(const struct own_redis *server)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path_of(server));
    bool is = fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return is;
}

static void wait_for(const struct own_redis *server)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000l};
    int waited_ms = 0;
    while (!is_listening(server)) {
        if (waited_ms >= START_MS || waitpid(server->pid, NULL, WNOHANG)) {
            fprintf(stderr, "redis-server does not listen; is it installed (scripts/setup)?\n");
            exit(EXIT_FAILURE);
        }
        nanosleep(&pause, NULL);
        waited_ms += LOOK_MS;
    }
}

void own_redis_start(struct own_redis *server)
{
    const char *parent = getenv("TMPDIR");
    server->dir = xasprintf("%s/redis.XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(server->dir))
        exit(EXIT_FAILURE);
    server->address = xasprintf("unix:%s/redis.sock", server->dir);
    server->pid = fork();
    if (server->pid == 0)
        become(server);
    wait_for(server);
}

/* --- the end --- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void own_redis_end(struct own_redis *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    nftw(server->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(server->dir);
    free(server->address);
}

/* --- a stop --- */

void own_redis_freeze(const struct own_redis *server)
{
    kill(server->pid, SIGSTOP);
}

void own_redis_thaw(const struct own_redis *server)
{
    kill(server->pid, SIGCONT);
}
