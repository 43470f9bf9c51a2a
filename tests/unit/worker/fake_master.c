/* fake_master: see fake_master.h. */
#include "tests/unit/worker/fake_master.h"

#include "common/xmalloc.h"

#include <taskmaster/version.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

struct worker_limits master_limits = {.open = 1};

static const char *build_dir(void)
{
    const char *build = getenv("BUILD");

    return build != NULL ? build : "build";
}

char *build_path(const char *relative)
{
    char *build = realpath(build_dir(), NULL);

    ck_assert_ptr_nonnull(build);
    char *path = xasprintf("%s/%s", build, relative);
    free(build);
    return path;
}

char *make_settings(const char *module_dir, const char *more)
{
    char *dir = build_path(module_dir);
    char *text = xasprintf("boot=k3f9\nmodule_dir=%s\n%s", dir, more);

    free(dir);
    return text;
}

/* Moves a descriptor out of the range of the worker's own numbers. */
static int high(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, 20);

    ck_assert_int_ge(moved, 20);
    close(fd);
    return moved;
}

/* The claim words of the last worker started. */
static uint64_t *claims;

static int make_page(struct fake_master *m)
{
    struct sockaddr_in addr;
    socklen_t addr_len = sizeof(addr);
    int fd = high(memfd_create("page", MFD_ALLOW_SEALING));

    struct worker_shared *shared;
    ck_assert_int_eq(ftruncate(fd, sizeof(*shared)), 0);
    ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    m->page = &shared->page;
    claims = shared->claims;
    for (uint64_t job = 0; job < WORKER_CLAIMS; job++) /* for a make_run() before the start */
        claims[job] = claim_word(job, CLAIM_OFFERED);
    ck_assert_int_eq(getsockname(m->listen_fd, (struct sockaddr *)&addr, &addr_len), 0);
    *m->page = (struct worker_page){.magic = WORKER_PAGE_MAGIC,
                                    .worker = 7,
                                    .addr_len = addr_len,
                                    .nofile_soft = 200,
                                    .limits = master_limits};
    memcpy(&m->page->addr, &addr, addr_len);
    for (size_t i = 0; i < TOKEN_BYTES; i++)
        m->page->token[i] = (uint8_t)(i + 1);
    return fd;
}

static int listen_on_loopback(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = high(socket(AF_INET, SOCK_STREAM, 0));

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    return fd;
}

static void spawn(struct fake_master *m, int page_fd, int life_fd, int log_fd)
{
    char *path = build_path("taskmaster-worker");
    char *argv[] = {"taskmaster-worker", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, log_fd, 1);
    posix_spawn_file_actions_adddup2(&actions, log_fd, 2);
    posix_spawn_file_actions_adddup2(&actions, page_fd, WORKER_PAGE_FD);
    posix_spawn_file_actions_adddup2(&actions, life_fd, WORKER_LIFE_FD);
    posix_spawn_file_actions_addclosefrom_np(&actions, WORKER_LIFE_FD + 1);
    ck_assert_int_eq(posix_spawn(&m->pid, path, &actions, &attributes, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(path);
}

void fake_master_spawn(struct fake_master *m)
{
    int life[2];
    int log[2];

    *m = (struct fake_master){.socket = -1, .log = xcalloc(1, LOG_KEPT_MAX + 1)};
    m->listen_fd = listen_on_loopback();
    int page_fd = make_page(m);
    ck_assert_int_eq(pipe(life), 0);
    ck_assert_int_eq(pipe(log), 0);
    int life_end = high(life[0]);
    int log_end = high(log[1]);
    m->life_fd = high(life[1]);
    m->log_fd = high(log[0]);
    spawn(m, page_fd, life_end, log_end);
    close(page_fd);
    close(life_end);
    close(log_end);
    m->pid_fd = pidfd_open(m->pid, 0);
    ck_assert_int_ge(m->pid_fd, 0);
}

/* Reads the worker's output; at the end of the log its descriptor becomes -1. */
static void drain_log(struct fake_master *m)
{
    char scratch[65536];
    ssize_t n = read(m->log_fd, scratch, sizeof(scratch));

    ck_assert_int_ge(n, 0);
    if (n == 0) {
        close(m->log_fd);
        m->log_fd = -1;
        return;
    }
    size_t room = LOG_KEPT_MAX - m->log_len;
    size_t kept = (size_t)n < room ? (size_t)n : room;
    for (size_t i = 0; i < kept; i++)
        m->log[m->log_len + i] = (char)(scratch[i] ? scratch[i] : '\v');
    m->log_len += kept;
    m->log[m->log_len] = '\0';
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for input on `fd`, and reads the log meanwhile: a full pipe would stop the worker. */
static void await_readable(struct fake_master *m, int fd)
{
    int64_t deadline_ms = now_ms() + DEADLINE_MS;

    for (;;) {
        struct pollfd ready[] = {{.fd = fd, .events = POLLIN}, {.fd = m->log_fd, .events = POLLIN}};
        int64_t left_ms = deadline_ms - now_ms();
        int count = left_ms > 0 ? poll(ready, 2, (int)left_ms) : 0;
        ck_assert_msg(count > 0, "the worker is not heard of; its log:\n%s", m->log);
        if (ready[1].revents != 0)
            drain_log(m);
        if (ready[0].revents != 0)
            return;
    }
}

static void await_log(struct fake_master *m)
{
    struct pollfd ready = {.fd = m->log_fd, .events = POLLIN};

    ck_assert_msg(poll(&ready, 1, DEADLINE_MS) == 1, "the worker prints nothing more:\n%s", m->log);
    drain_log(m);
}

static void receive(struct fake_master *m, void *data, size_t len)
{
    char *at = data;

    while (len > 0) {
        await_readable(m, m->socket);
        ssize_t n = recv(m->socket, at, len, 0);
        ck_assert_msg(n > 0, "the worker closed its connection; its log:\n%s", m->log);
        at += n;
        len -= (size_t)n;
    }
}

const struct answer *fake_master_answer(struct fake_master *m)
{
    static struct answer answer;

    receive(m, &answer.head, sizeof(answer.head));
    ck_assert_uint_eq(answer.head.magic, WIRE_MAGIC);
    ck_assert_uint_le(answer.head.text_len, WIRE_TEXT_MAX);
    ck_assert_ptr_nonnull(memchr(answer.head.name, '\0', sizeof(answer.head.name)));
    receive(m, answer.text, answer.head.text_len);
    answer.text[answer.head.text_len] = '\0';
    free(answer.payload);
    answer.payload = xmalloc(answer.head.size + 1);
    receive(m, answer.payload, answer.head.size);
    answer.payload[answer.head.size] = '\0';
    return &answer;
}

void fake_master_accept(struct fake_master *m)
{
    struct wire_hello hello;
    int one = 1;

    await_readable(m, m->listen_fd);
    m->socket = high(accept(m->listen_fd, NULL, NULL));
    setsockopt(m->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    const struct answer *first = fake_master_answer(m);
    ck_assert_uint_eq(first->head.type, WIRE_HELLO);
    ck_assert_str_eq(first->head.name, TASKMASTER_VERSION);
    ck_assert_uint_eq(first->head.size, sizeof(hello));
    memcpy(&hello, first->payload, sizeof(hello));
    ck_assert_uint_eq(hello.worker, 7);
    for (size_t i = 0; i < TOKEN_BYTES; i++) {
        ck_assert_uint_eq(hello.token[i], i + 1);
        ck_assert_uint_eq(m->page->token[i], 0);
    }
}

void fake_master_send(struct fake_master *m, const void *data, size_t len)
{
    const char *at = data;

    while (len > 0) {
        ssize_t n = send(m->socket, at, len, MSG_NOSIGNAL);
        ck_assert_msg(n > 0, "cannot send to the worker; its log:\n%s", m->log);
        at += n;
        len -= (size_t)n;
    }
}

void fake_master_welcome(struct fake_master *m, const char *release, const char *settings)
{
    struct wire_head head = {.magic = WIRE_MAGIC, .type = WIRE_WELCOME, .size = strlen(settings)};

    char *closed = xstrdup(settings);

    snprintf(head.name, sizeof(head.name), "%s", release);
    for (char *end = closed; (end = strchr(end, '\n')) != NULL;)
        *end++ = '\0';
    fake_master_send(m, &head, sizeof(head));
    fake_master_send(m, closed, head.size);
    free(closed);
}

void fake_master_start(struct fake_master *m, char *settings)
{
    fake_master_spawn(m);
    fake_master_accept(m);
    fake_master_welcome(m, TASKMASTER_VERSION, settings);
    free(settings);
    ck_assert_uint_eq(fake_master_answer(m)->head.type, WIRE_READY);
}

struct wire_head make_run(uint64_t job, const char *module, size_t size)
{
    struct wire_head head = {.magic = WIRE_MAGIC,
                             .type = WIRE_RUN,
                             .job = job,
                             .size = size,
                             .payload_max = PAYLOAD_MAX};

    head.slot = (uint32_t)(job % WORKER_CLAIMS);
    if (claims)
        claims[head.slot] = claim_word(job, CLAIM_OFFERED);

    snprintf(head.name, sizeof(head.name), "%s", module);
    return head;
}

void fake_master_run(struct fake_master *m, uint64_t job, const char *module, const void *payload,
                     size_t size)
{
    struct wire_head head = make_run(job, module, size);

    fake_master_send(m, &head, sizeof(head));
    fake_master_send(m, payload, size);
}

const struct answer *fake_master_ask(struct fake_master *m, const char *module, const char *text)
{
    static uint64_t job = 100;

    fake_master_run(m, ++job, module, text, strlen(text));
    const struct answer *answer = fake_master_answer(m);
    ck_assert_uint_eq(answer->head.job, job);
    return answer;
}

void fake_master_stop(struct fake_master *m, uint64_t job)
{
    __atomic_store_n(&m->page->stop_job, job, __ATOMIC_RELEASE);
}

int fake_master_wait(struct fake_master *m)
{
    int status;

    await_readable(m, m->pid_fd);
    ck_assert_int_eq(waitpid(m->pid, &status, 0), m->pid);
    while (m->log_fd >= 0) {
        struct pollfd ready = {.fd = m->log_fd, .events = POLLIN};
        if (poll(&ready, 1, 0) <= 0)
            break;
        drain_log(m);
    }
    return status;
}

void fake_master_free(struct fake_master *m)
{
    kill(-m->pid, SIGKILL); /* kills the worker's children, like the master */
    close(m->pid_fd);
    close(m->listen_fd);
    close(m->life_fd);
    if (m->log_fd >= 0)
        close(m->log_fd);
    if (m->socket >= 0)
        close(m->socket);
    munmap(m->page, sizeof(struct worker_shared));
    claims = NULL;
    free(m->log);
}

void fake_master_finish(struct fake_master *m)
{
    shutdown(m->socket, SHUT_WR);
    int status = fake_master_wait(m);
    ck_assert_msg(status == 0, "wait status %#x; the worker's log:\n%s", (unsigned)status, m->log);
    fake_master_free(m);
}

void fake_master_expect_log(struct fake_master *m, const char *text)
{
    while (strstr(m->log, text) == NULL) {
        ck_assert_msg(m->log_fd >= 0, "\"%s\" is not in the log:\n%s", text, m->log);
        await_log(m);
    }
}

bool ended_within(int pid_fd, int timeout_ms)
{
    struct pollfd ready = {.fd = pid_fd, .events = POLLIN};

    return poll(&ready, 1, timeout_ms) == 1;
}

char *read_proc(pid_t pid, const char *file)
{
    char *path = xasprintf("/proc/%d/%s", (int)pid, file);
    char *text = xcalloc(1, 65536);
    FILE *in = fopen(path, "r");

    ck_assert_msg(in != NULL, "%s: %s", path, strerror(errno));
    ck_assert_uint_gt(fread(text, 1, 65535, in), 0);
    fclose(in);
    free(path);
    return text;
}
