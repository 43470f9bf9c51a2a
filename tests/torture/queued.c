/* queued: see queued.h. */
#include "queued.h"

#include "die.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Outcomes stay until the verdict, and disasters are no fault of the modules. */
static const char settings[] = "{\"listen\":\"unix:%s\", \"master\":\"unix:%s\",\n"
                               "\"store-path\":\"%s/store\", \"log-format\":\"json\",\n"
                               "\"log-level\":\"info\", \"drain-timeout-ms\":500,\n"
                               "\"ack-ms\":3600000, \"poison-limit\":1000}\n";

static void write_config(const struct queued *queued, const char *dir)
{
    FILE *file = fopen(queued->config, "we");
    if (!file || fprintf(file, settings, queued->socket, queued->wire, dir) < 0 ||
        fclose(file) != 0)
        die("cannot write %s", queued->config);
}

static void reap(struct queued *queued, int *status)
{
    int fd = queued->end_watch.fd;
    if (waitpid(queued->pid, status, 0) != queued->pid)
        die("waitpid");
    loop_unwatch(queued->loop, &queued->end_watch);
    close(fd);
    queued->pid = 0;
}

static void on_end(void *arg, uint32_t events)
{
    struct queued *queued = arg;
    int status = 0;
    (void)events;
    reap(queued, &status);
    queued->down(queued->arg, status);
}

/* Runs in the child, which must not outlive the harness. */
_Noreturn static void run(const struct queued *queued)
{
    char *argv[] = {"taskqueued", "-c", queued->config, NULL};
    int log = open(queued->log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setenv("ASAN_OPTIONS", "detect_leaks=1:quarantine_size_mb=8", 0);
    setenv("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1", 0);
    unsetenv("JOURNAL_STREAM");
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    fexecve(queued->program, argv, environ);
    _exit(127);
}

void queued_start(struct queued *queued)
{
    fflush(NULL);
    queued->pid = fork();
    if (queued->pid < 0)
        die("fork");
    if (queued->pid == 0)
        run(queued);
    int pidfd = pidfd_open(queued->pid, 0);
    if (pidfd < 0)
        die("pidfd_open");
    fcntl(pidfd, F_SETFD, FD_CLOEXEC);
    loop_watch(queued->loop, &queued->end_watch, pidfd, EPOLLIN);
}

void queued_signal(const struct queued *queued, int signo)
{
    if (queued->pid)
        kill(queued->pid, signo);
}

int queued_connect(const struct queued *queued)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", queued->socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

void queued_init(struct queued *queued, struct loop *loop, const char *dir, const char *build)
{
    char *program = need_text("%s/taskqueued", build);
    *queued = (struct queued){.loop = loop, .program = open(program, O_RDONLY | O_CLOEXEC)};
    if (queued->program < 0)
        die("cannot open %s", program);
    free(program);
    queued->end_watch = (struct loop_watch){.ready = on_end, .arg = queued, .fd = -1};
    queued->socket = need_text("%s/queue.sock", dir);
    queued->wire = need_text("%s/wire.sock", dir);
    queued->config = need_text("%s/queue.json", dir);
    queued->log = need_text("%s/queue.log", dir);
    if (strlen(queued->socket) >= sizeof((struct sockaddr_un *)0)->sun_path)
        die("the path of %s is too long for a socket", queued->socket);
    write_config(queued, dir);
}

void queued_free(struct queued *queued)
{
    int status;
    if (queued->pid) {
        kill(queued->pid, SIGKILL);
        reap(queued, &status);
    }
    close(queued->program);
    free(queued->socket);
    free(queued->wire);
    free(queued->config);
    free(queued->log);
}
