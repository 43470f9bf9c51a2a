/*
 * fuzz_session: the whole master but its processes: sessions, dispatcher and worker links as they
 * are in production, on sockets whose other ends are ours.
 *
 * The input is a list of steps: clients connect, speak, in pieces or nonsense, cancel, stop
 * reading, half-close and go; worker processes connect, prove themselves, claim and answer jobs,
 * lie, scribble over the memory that they share with the master, print, and die; strangers knock at
 * the workers' port; time passes. A client that keeps to the protocol must get one terminal event
 * for each of its submits. At the end nothing may be left: no job, no session, no timer, no byte of
 * a payload.
 *
 * The linker puts functions of ours in the place of those that start, signal and reap processes,
 * and of the clock (see the Makefile's --wrap): nothing is forked, and time is a number.
 */
#include "client_session.h"
#include "common/log.h"
#include "common/wire.h"
#include "config.h"
#include "conn.h"
#include "dispatcher.h"
#include "module_table.h"
#include "report.h"
#include "worker_link.h"

#include <taskmaster/version.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    CLIENTS = 4,
    PROCS = 64,
    SUBMITS_MAX = 200, /* of one client */
    STRANGERS = 4,
    OUT_MAX = 64 * 1024,
    IN_MAX = 256 * 1024,
    SEND_BUFFER = 4096,  /* of the master's sockets to clients: so that these can be slow */
    OUTPUT_PAUSE = 8000, /* bytes that wait for a client that is then not read from */
    LARGE = 18000,       /* bytes: a payload that is sent from where it lies */
    HANDED_MAX = 80,
    STEPS_MAX = 400,
    ROUNDS_MAX = 600,
    QUIET_ROUNDS = 5,
    TURN_US = 50000,
};

struct input {
    const uint8_t *data;
    size_t left;
};

struct buffer {
    char *data;
    size_t len, max;
};

struct client {
    int fd; /* -1: none */
    bool clean, reading, was_lazy, half_closed, fatal, ended, greeted;
    struct buffer out, in;
    unsigned submits;
    unsigned char ends[SUBMITS_MAX];
};

struct handed {
    uint64_t seq;
    uint32_t slot;
};

struct proc {
    pid_t pid; /* 0: none */
    int fd, output_fd, status;
    bool dead, stuck, reaped, told_term, welcomed, said_ready;
    bool hung;  /* does nothing any more, and takes no notice of SIGTERM */
    bool wrong; /* has done what no worker of ours does */
    uint32_t worker;
    uint8_t token[TOKEN_BYTES];
    struct worker_shared *shared;
    struct buffer in;
    struct handed handed[HANDED_MAX];
    size_t handed_first, handed_count;
};

static struct event_base *base;
static struct timers timers;
static struct payload_budget budget;
static struct conn_loop loop;
static struct dispatcher d;
static struct module_table modules;
static struct clients clients;
static struct workers workers;
static struct report reporter;
static struct config *config;
static struct client peers[CLIENTS];
static struct proc procs[PROCS];
static size_t proc_count;
static int strangers[STRANGERS]; /* their sockets; -1: none */
static unsigned most_workers;    /* the highest pool-max there has been */
static uint64_t clock_now_us;
static unsigned starts_that_fail;
static int pipe_end; /* of the last pipe: where it is written to */

static uint8_t take(struct input *input)
{
    if (!input->left)
        return 0;
    input->left--;
    return *input->data++;
}

static const void *take_bytes(struct input *input, size_t *len)
{
    const uint8_t *bytes = input->data;
    if (*len > input->left)
        *len = input->left;
    input->data += *len;
    input->left -= *len;
    return bytes;
}

static void append(struct buffer *buffer, const void *data, size_t len)
{
    if (!buffer->data)
        buffer->data = malloc(buffer->max);
    bug_on(len > buffer->max - buffer->len);
    memcpy(buffer->data + buffer->len, data, len);
    buffer->len += len;
}

static void drop(struct buffer *buffer, size_t len)
{
    bug_on(len > buffer->len);
    buffer->len -= len;
    memmove(buffer->data, buffer->data + len, buffer->len);
}

static void free_buffer(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){.max = buffer->max};
}

/* Reads what there is; false at the end of input. */
static bool receive(int fd, struct buffer *buffer)
{
    char data[16384];
    while (buffer->max - buffer->len >= sizeof data) {
        ssize_t n = recv(fd, data, sizeof data, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            return true;
        if (n <= 0)
            return false;
        append(buffer, data, (size_t)n);
    }
    return true;
}

static void make_pair(int pair[2])
{
    bug_on(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0);
}

/* --- in the place of the system --- */

void __wrap_log_emit(enum log_level level, const char *event, const struct log_field *fields);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __real_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st);
ssize_t __wrap_getrandom(void *data, size_t len, unsigned flags);
int __real_pipe2(int fds[2], int flags);
int __wrap_pipe2(int fds[2], int flags);
int __wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *files,
                       const posix_spawnattr_t *attr, char *const argv[], char *const envp[]);
int __wrap_kill(pid_t pid, int signo);
pid_t __wrap_getpgid(pid_t pid);
int __wrap_waitid(idtype_t type, id_t id, siginfo_t *info, int options);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);
int __real_worker_proc_start(struct worker_proc *proc, const struct worker_proc_env *env,
                             uint32_t worker, const uint8_t token[TOKEN_BYTES]);
int __wrap_worker_proc_start(struct worker_proc *proc, const struct worker_proc_env *env,
                             uint32_t worker, const uint8_t token[TOKEN_BYTES]);

/* The log is not written. A worker that did nothing wrong is not told off, whatever was decided
 * about it meanwhile. */
void __wrap_log_emit(enum log_level level, const char *event, const struct log_field *fields)
{
    (void)level;
    if (strcmp(event, "worker-protocol") != 0)
        return;
    const struct worker *worker = pool_find(&d.pool, (uint32_t)fields[0].value.u);
    for (size_t i = 0; i < proc_count; i++)
        bug_on(procs[i].worker == worker->id && !procs[i].wrong);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
    (void)id;
    ts->tv_sec = (time_t)(clock_now_us / 1000000);
    ts->tv_nsec = (long)(clock_now_us % 1000000 * 1000);
    return 0;
}

/* Two modules are there. */
int __wrap_stat(const char *path, struct stat *st)
{
    const char *name = strrchr(path, '/');
    if (strncmp(path, "/m/", 3) != 0) /* libFuzzer's own */
        return __real_stat(path, st);
    *st = (struct stat){.st_mode = S_IFREG};
    if (name && (strcmp(name, "/echo.so") == 0 || strcmp(name, "/wc.so") == 0))
        return 0;
    errno = ENOENT;
    return -1;
}

ssize_t __wrap_getrandom(void *data, size_t len, unsigned flags)
{
    static unsigned char next;
    (void)flags;
    for (size_t i = 0; i < len; i++)
        ((unsigned char *)data)[i] = (unsigned char)(next++ * 167 + i);
    return (ssize_t)len;
}

int __wrap_pipe2(int fds[2], int flags)
{
    int result = __real_pipe2(fds, flags);
    pipe_end = fds[1];
    return result;
}

int __wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *files,
                       const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
    (void)path, (void)files, (void)attr, (void)argv, (void)envp;
    if (starts_that_fail || proc_count == PROCS) {
        starts_that_fail -= starts_that_fail > 0;
        return EAGAIN;
    }
    struct proc *proc = &procs[proc_count++];
    *proc = (struct proc){.fd = -1, .in.max = IN_MAX, .output_fd = dup(pipe_end)};
    *pid = proc->pid = (pid_t)(1000000 + proc_count);
    return 0;
}

/* Tells us where the page is, and the token in it. */
int __wrap_worker_proc_start(struct worker_proc *proc, const struct worker_proc_env *env,
                             uint32_t worker, const uint8_t token[TOKEN_BYTES])
{
    if (__real_worker_proc_start(proc, env, worker, token) < 0)
        return -1;
    struct proc *p = &procs[proc_count - 1];
    p->shared = proc->shared;
    p->worker = worker;
    memcpy(p->token, token, TOKEN_BYTES);
    return 0;
}

static void die(struct proc *proc, int status)
{
    if (proc->dead)
        return;
    proc->dead = true;
    proc->status = status;
    close(proc->output_fd);
    if (proc->fd >= 0)
        close(proc->fd);
    proc->fd = -1;
    free_buffer(&proc->in);
}

int __wrap_kill(pid_t pid, int signo)
{
    for (size_t i = 0; i < proc_count; i++) {
        struct proc *proc = &procs[i];
        if (proc->pid != -pid && proc->pid != pid) /* its group, or itself */
            continue;
        bug_on(proc->reaped); /* the number could be a stranger's by now */
        if (signo == SIGKILL)
            die(proc, SIGKILL);
        proc->told_term = true;
        return 0;
    }
    bug_on(true); /* no process of ours */
}

pid_t __wrap_getpgid(pid_t pid)
{
    return pid;
}

int __wrap_waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    (void)type, (void)id, (void)options;
    info->si_pid = 0;
    for (size_t i = 0; i < proc_count && !info->si_pid; i++)
        if (procs[i].dead && !procs[i].reaped && !procs[i].stuck)
            info->si_pid = procs[i].pid;
    return 0;
}

pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
    (void)options;
    for (size_t i = 0; i < proc_count; i++) {
        if (procs[i].pid != pid)
            continue;
        bug_on(procs[i].reaped || !procs[i].dead);
        procs[i].reaped = true;
        procs[i].shared = NULL;
        *status = procs[i].status;
        return pid;
    }
    bug_on(true);
}

/* --- clients --- */

static void connect_client(struct client *client)
{
    struct sockaddr addr = {.sa_family = AF_UNIX};
    int pair[2], room = SEND_BUFFER;
    make_pair(pair);
    bug_on(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room) < 0);
    *client = (struct client){.fd = pair[1], .clean = true, .reading = true};
    client->out.max = OUT_MAX;
    client->in.max = IN_MAX;
    clients_accept(&clients, pair[0], &addr, sizeof addr.sa_family);
}

static void leave(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
    free_buffer(&client->out);
    free_buffer(&client->in);
}

static void flush_client(struct client *client, size_t most)
{
    size_t len = client->out.len < most ? client->out.len : most;
    if (!len || client->fd < 0 || client->half_closed)
        return;
    ssize_t n = send(client->fd, client->out.data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0)
        drop(&client->out, (size_t)n);
    else if (n < 0 && errno != EAGAIN)
        client->ended = true;
}

static void take_event(struct client *client, const json_t *event)
{
    const char *name = json_string_value(json_object_get(event, "event"));
    const char *op = json_string_value(json_object_get(event, "op"));
    bool error = strcmp(name, "error") == 0;
    client->fatal |= json_is_true(json_object_get(event, "fatal"));
    bool end = strcmp(name, "done") == 0 || strcmp(name, "failed") == 0 ||
               strcmp(name, "overload") == 0 || (error && op && strcmp(op, "submit") == 0);
    const json_t *id = json_object_get(event, "id");
    bug_on(end && !error && !id);
    if (!end || !client->clean || !json_is_integer(id))
        return;
    json_int_t number = json_integer_value(id);
    bug_on(number < 0 || number >= client->submits);
    bug_on(client->ends[number]++);
}

/* One event, with its payload; false if there is none that is whole. */
static bool next_event(struct client *client)
{
    const char *lf = client->in.len ? memchr(client->in.data, '\n', client->in.len) : NULL;
    if (!lf) {
        bug_on(client->in.len >= HEADER_MAX);
        return false;
    }
    size_t len = (size_t)(lf - client->in.data);
    bug_on(len + 1 > HEADER_MAX);
    json_t *event = json_loadb(client->in.data, len, JSON_REJECT_DUPLICATES, NULL);
    bug_on(!event);
    json_int_t size = json_integer_value(json_object_get(event, "size"));
    bug_on(size < 0);
    bool whole = client->in.len - len - 1 >= (size_t)size;
    if (whole) {
        take_event(client, event);
        drop(&client->in, len + 1 + (size_t)size);
    }
    json_decref(event);
    return whole;
}

static void read_client(struct client *client)
{
    if (client->fd < 0 || !client->reading)
        return;
    if (!receive(client->fd, &client->in))
        client->ended = true;
    while (next_event(client))
        ;
}

__attribute__((format(printf, 2, 3))) static void say(struct client *client, const char *fmt, ...)
{
    char line[512];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    append(&client->out, line, (size_t)n);
}

static void greet(struct client *client)
{
    client->greeted = true;
    say(client, "{\"op\":\"hello\",\"protocol\":1,\"module\":\"wc\"}\n");
}

static void submit(struct client *client, struct input *input)
{
    static const char *const names[] = {"echo", "wc", "none", "echo"};
    uint8_t what = take(input);
    static char payload[LARGE];
    unsigned size = what & 1 ? take(input) * 10u : 0, id = client->submits;
    if (size > 2400)
        size = LARGE;
    if (id == SUBMITS_MAX || client->out.max - client->out.len < 1024 + size)
        return;
    client->submits++;
    say(client, "{\"op\":\"submit\",\"id\":%u,\"module\":\"%s\"", id, names[what >> 1 & 3]);
    if (what & 8)
        say(client, ",\"timeout_ms\":%u", 1 + take(input) * 4u);
    if (what & 16)
        say(client, ",\"link\":true");
    if (what & 32)
        say(client, ",\"notify\":[\"accepted\",\"started\"]");
    if (what & 64)
        say(client, ",\"context\":{\"a\":[1.50, \"\\u0041\"]}");
    if (size)
        say(client, ",\"size\":%u", size);
    say(client, "}\r\n");
    memset(payload, what, size);
    append(&client->out, payload, size);
}

static void ask(struct client *client, struct input *input)
{
    unsigned target = client->submits ? take(input) % client->submits : 0;
    uint8_t what = take(input);
    switch (what % 8) {
    case 0:
        say(client, "{\"op\":\"cancel\",\"target\":%u}\n", target);
        break;
    case 1:
        say(client, "{\"op\":\"kill\",\"target\":%u}\n", target);
        break;
    case 2:
        say(client, "{\"op\":\"kill\",\"job\":\"boot-%u\"}\n", what / 8u);
        break;
    case 3:
        say(client, "{\"op\":\"stats\"}\n");
        break;
    case 4:
        say(client, "{\"op\":\"workers\",\"id\":\"w\"}\n");
        break;
    case 5:
        say(client,
            what & 8 ? "{\"op\":\"ping\",\"id\":\"p\",\"size\":3}\nabc" : "{\"op\":\"ping\"}\n");
        break;
    case 6:
        say(client, "{\"op\":\"set\",\"module\":\"echo\"}\n");
        break;
    default:
        say(client, "{\"op\":\"hello\",\"protocol\":1,\"id\":\"again\"}\n");
    }
}

static void speak(struct client *client, struct input *input)
{
    static const char endless[HEADER_MAX] = "{";
    uint8_t what = take(input);
    size_t len = what & 63;
    if (client->out.max - client->out.len < HEADER_MAX + 1024 || client->half_closed)
        return;
    if (!client->greeted && what < 250)
        greet(client);
    if (what < 128) {
        submit(client, input);
    } else if (what < 200) {
        ask(client, input);
    } else if (what == 255) {
        append(&client->out, endless, sizeof endless);
        client->clean = false;
    } else {
        append(&client->out, take_bytes(input, &len), len);
        client->clean = false;
    }
}

static void do_client(struct input *input)
{
    struct client *client = &peers[take(input) % CLIENTS];
    uint8_t what = take(input);
    if (client->fd < 0) {
        connect_client(client);
        return;
    }
    switch (what % 12) {
    case 0:
        leave(client);
        break;
    case 1:
        if (client->out.len)
            break;
        client->half_closed = true;
        shutdown(client->fd, SHUT_WR);
        break;
    case 2:
        client->reading = false;
        client->was_lazy = true;
        break;
    case 3:
        client->reading = true;
        break;
    case 4:
        flush_client(client, take(input));
        break;
    case 5:
    case 6:
        flush_client(client, OUT_MAX);
        break;
    default:
        speak(client, input);
    }
}

/* --- workers --- */

static void send_to_master(struct proc *proc, const void *data, size_t len)
{
    if (len)
        send(proc->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void send_message(struct proc *proc, struct wire_head *head, const char *name,
                         const void *text, const void *payload)
{
    head->magic = WIRE_MAGIC;
    snprintf(head->name, sizeof head->name, "%s", name);
    send_to_master(proc, head, sizeof *head);
    send_to_master(proc, text, head->text_len);
    send_to_master(proc, payload, head->size);
}

static int knock(void)
{
    struct sockaddr addr = {.sa_family = AF_INET};
    int pair[2];
    make_pair(pair);
    workers_accept(&workers, pair[0], &addr, sizeof addr);
    return pair[1];
}

static void connect_worker(struct proc *proc)
{
    struct wire_head head = {.type = WIRE_HELLO, .size = sizeof(struct wire_hello)};
    struct wire_hello hello = {.worker = proc->worker};
    memcpy(hello.token, proc->token, TOKEN_BYTES);
    proc->fd = knock();
    send_message(proc, &head, TASKMASTER_VERSION, NULL, &hello);
}

/* One message of the master's; false if there is none that is whole. */
static bool take_message(struct proc *proc)
{
    struct wire_head head;
    if (proc->in.len < sizeof head)
        return false;
    memcpy(&head, proc->in.data, sizeof head);
    bug_on(head.magic != WIRE_MAGIC || head.text_len);
    if (proc->in.len < sizeof head + head.size)
        return false;
    drop(&proc->in, sizeof head + head.size);
    bug_on(head.type != WIRE_WELCOME && head.type != WIRE_RUN);
    bug_on((head.type == WIRE_WELCOME) == proc->welcomed);
    proc->welcomed = true;
    if (head.type == WIRE_WELCOME)
        return true;
    bug_on(!(proc->said_ready || proc->wrong) || head.slot >= WORKER_CLAIMS ||
           proc->handed_count == HANDED_MAX);
    bug_on(strcmp(head.name, "echo") != 0 && strcmp(head.name, "wc") != 0);
    proc->handed[(proc->handed_first + proc->handed_count++) % HANDED_MAX] =
        (struct handed){head.job, head.slot};
    return true;
}

/* Claims the next job; false if there is none. */
static bool claim(struct proc *proc, struct handed *handed)
{
    while (proc->handed_count) {
        *handed = proc->handed[proc->handed_first];
        proc->handed_first = (proc->handed_first + 1) % HANDED_MAX;
        proc->handed_count--;
        if (claim_settle(&proc->shared->claims[handed->slot], handed->seq, CLAIM_BEGUN))
            return true;
    }
    return false;
}

/* In its slot, as a result that the next message tells of, or nobody. */
static void leave_result(struct proc *proc, const struct handed *handed, uint32_t size)
{
    struct worker_result *result = &proc->shared->results[handed->slot];
    result->size = size;
    memset(result->data, 'r', size <= WORKER_RESULT_MAX ? size : WORKER_RESULT_MAX);
    __atomic_store_n(&proc->shared->claims[handed->slot], claim_word(handed->seq, CLAIM_ANSWERED),
                     __ATOMIC_RELEASE);
}

static void answer(struct proc *proc, uint8_t what)
{
    static char payload[80 * 256];
    struct handed handed;
    if (!claim(proc, &handed))
        return;
    if (what % 8 == 6) {
        leave_result(proc, &handed, what * 2u);
        return;
    }
    struct wire_head head = {.type = WIRE_DONE, .job = handed.seq, .size = what * 80u};
    if (what % 8 == 7) {
        head.type = WIRE_FAILED;
        head.kind = what / 8 % 4;
        head.text_len = what;
    }
    send_message(proc, &head, what & 1 ? "some-code" : "", payload, payload);
}

/* Small results of jobs that came together are told of by one message. */
static void answer_well(struct proc *proc)
{
    struct wire_head answered = {.type = WIRE_ANSWERED};
    bool untold = false;
    while (proc->handed_count > 1) {
        answer(proc, 6);
        untold = true;
    }
    if (proc->handed_count)
        answer(proc, 2);
    else if (untold)
        send_message(proc, &answered, "", NULL, NULL);
}

static void read_worker(struct proc *proc)
{
    bool more = receive(proc->fd, &proc->in);
    while (take_message(proc))
        ;
    if (!more)
        die(proc, 0); /* it was told to end, or its connection broke */
}

/* One thing, as a worker of ours would. */
static void behave(struct proc *proc)
{
    struct wire_head ready = {.type = WIRE_READY};
    if (proc->dead || proc->hung)
        return;
    if (proc->told_term) {
        die(proc, SIGTERM);
        return;
    }
    if (proc->fd < 0) {
        connect_worker(proc);
        return;
    }
    read_worker(proc);
    if (proc->dead || !proc->welcomed)
        return;
    if (!proc->said_ready)
        send_message(proc, &ready, "", NULL, NULL);
    else
        answer_well(proc);
    proc->said_ready = true;
}

static void lie(struct proc *proc, struct input *input)
{
    struct wire_head head = {.magic = WIRE_MAGIC, .type = take(input) % 9, .job = d.last_seq};
    uint8_t what = take(input);
    size_t at = take(input) % sizeof head, len = what % 16;
    const void *bytes = take_bytes(input, &len);
    if (len > sizeof head - at)
        len = sizeof head - at;
    memcpy((char *)&head + at, bytes, len);
    send_to_master(proc, &head, what & 16 ? sizeof head : what % sizeof head);
}

/* A worker that writes anywhere in the memory that it shares. */
static void scribble(struct proc *proc, struct input *input)
{
    char *page = (char *)proc->shared + 4096;
    size_t room = sizeof *proc->shared - 4096, len = take(input) % 16;
    size_t at = take(input) * 8u % (room - 16);
    const void *bytes = take_bytes(input, &len);
    memcpy(page + at, bytes, len);
}

static void print(struct proc *proc, struct input *input)
{
    size_t len = take(input);
    const void *bytes = take_bytes(input, &len);
    if (write(proc->output_fd, bytes, len) < 0)
        bug_on(errno != EAGAIN && errno != EPIPE);
}

static void do_worker(struct input *input)
{
    struct proc *proc = proc_count ? &procs[proc_count - 1 - take(input) % proc_count] : NULL;
    uint8_t what = take(input);
    if (!proc || proc->dead || proc->hung)
        return;
    proc->wrong |= what % 16 >= 2 && what % 16 <= 6;
    switch (what % 16) {
    case 0:
        die(proc, what / 16 + 1); /* by that signal */
        break;
    case 1:
        die(proc, what / 16 << 8); /* by exit */
        proc->stuck = what & 16;
        break;
    case 2:
        if (proc->fd >= 0)
            shutdown(proc->fd, SHUT_WR);
        break;
    case 3:
        if (proc->fd >= 0)
            lie(proc, input);
        break;
    case 4:
        scribble(proc, input);
        break;
    case 5:
        if (proc->fd >= 0 && proc->said_ready) {
            read_worker(proc);
            if (!proc->dead)
                answer(proc, take(input));
        }
        break;
    case 6: {
        struct handed handed;
        claim(proc, &handed); /* and not a word more about it */
        break;
    }
    case 7:
        print(proc, input);
        break;
    case 8:
        proc->hung = true;
        break;
    default:
        behave(proc);
    }
}

/* Anybody on this machine can connect to the workers' port. */
static void do_stranger(struct input *input)
{
    struct proc stranger = {.fd = knock()};
    struct wire_head head = {.type = WIRE_HELLO, .size = sizeof(struct wire_hello)};
    struct wire_hello hello = {.worker = take(input) % 8};
    uint8_t what = take(input);
    size_t len = what;
    const void *bytes = take_bytes(input, &len);
    memcpy(hello.token, bytes, len < TOKEN_BYTES ? len : TOKEN_BYTES);
    if (what & 1)
        send_message(&stranger, &head, TASKMASTER_VERSION, NULL, &hello);
    else
        send_to_master(&stranger, bytes, len);
    int *place = &strangers[what % STRANGERS];
    if (*place >= 0)
        close(*place);
    *place = stranger.fd; /* it stays, until the next */
}

/* --- the loop --- */

static void turn(void)
{
    event_base_loop(base, EVLOOP_NONBLOCK);
    timers_turn(&timers, clock_now_us);
    timers_run(&timers);
    conn_loop_chores(&loop);
    for (int i = 0; i < CLIENTS; i++)
        read_client(&peers[i]);
}

/* The counts add up. */
static void check(void)
{
    const struct dispatcher_counts *c = &d.counts;
    uint64_t sum = c->done + c->dropped + c->orphaned + c->running + dispatcher_waiting(&d);
    for (int i = 0; i < FAIL_REASONS; i++)
        sum += c->failed[i];
    for (int i = 0; i < OVERLOAD_REASONS; i++)
        sum += c->overload[i];
    bug_on(sum != c->submitted || d.jobs.count != c->running + dispatcher_waiting(&d));
    bug_on(clients.connected > config->client_max || pool_count(&d.pool) > most_workers);
}

static void good_round(void)
{
    starts_that_fail = 0;
    for (size_t i = 0; i < proc_count; i++) {
        procs[i].stuck = false;
        behave(&procs[i]);
    }
    for (int i = 0; i < CLIENTS; i++) {
        peers[i].reading = true;
        flush_client(&peers[i], OUT_MAX);
    }
    workers_reap(&workers);
    clock_now_us += TURN_US;
    turn();
    check();
}

static bool client_is_done(const struct client *client)
{
    return client->fd < 0 || client->ended || (!client->out.len && !client->in.len);
}

static bool all_is_done(void)
{
    for (int i = 0; i < CLIENTS; i++)
        if (!client_is_done(&peers[i]))
            return false;
    return d.jobs.count == 0;
}

/* A connection that the server ended may have been that of a client who was too slow. */
static void check_promise(const struct client *client)
{
    if (client->fd < 0 || !client->clean || client->fatal)
        return;
    if (client->ended && (client->was_lazy || !client->half_closed))
        return;
    for (unsigned i = 0; i < client->submits; i++)
        bug_on(client->ends[i] != 1);
}

static void settle(void)
{
    int quiet = 0; /* rounds in a row: what was sent last may not have been read yet */
    for (int i = 0; i < ROUNDS_MAX && quiet < QUIET_ROUNDS; i++) {
        good_round();
        quiet = all_is_done() ? quiet + 1 : 0;
    }
    bug_on(quiet < QUIET_ROUNDS);
    for (int i = 0; i < CLIENTS; i++)
        check_promise(&peers[i]);
}

/* `ending`: how patient the server is. */
static void drain(unsigned ending)
{
    workers_close_unproven(&workers);
    dispatcher_drain(&d);
    for (int i = 0; i < ROUNDS_MAX && !dispatcher_is_drained(&d); i++) {
        if (i == (ending & 1 ? 0 : ROUNDS_MAX / 2))
            dispatcher_abort(&d, ending & 2);
        good_round();
    }
    bug_on(!dispatcher_is_drained(&d));
    clients_end(&clients);
    if (ending & 4)
        clients_close(&clients);
    for (int i = 0; i < ROUNDS_MAX && !TAILQ_EMPTY(&clients.sessions); i++)
        good_round();
    bug_on(!TAILQ_EMPTY(&clients.sessions));
}

/* --- one input --- */

static struct config *load_config(struct input *input)
{
    static char texts[4][64];
    static char *overrides[] = {
        texts[0],
        texts[1],
        texts[2],
        texts[3],
        "worker-path=/w",
        "module-dir=/m",
        "client-max=3",
        "payload-max=20000",
        "payload-total-max=50000",
        "client-output-max=60000",
        "hello-timeout-ms=1000",
        "header-timeout-ms=1000",
        "payload-timeout-ms=1000",
        "output-timeout-ms=2000",
        "linger-ms=300",
        "start-timeout-ms=500",
        "job-timeout-ms=3000",
        "kill-grace-ms=100",
    };
    struct config_args args = {.program = "taskmasterd", .overrides = overrides};
    char error[512];
    unsigned pool_max = take(input) % 4 + 1u;
    args.override_count = sizeof overrides / sizeof *overrides;
    snprintf(texts[0], sizeof texts[0], "pool-max=%u", pool_max);
    snprintf(texts[1], sizeof texts[1], "pool-start=%u", take(input) % (pool_max + 1));
    snprintf(texts[2], sizeof texts[2], "job-max=%u", take(input) % 20u);
    snprintf(texts[3], sizeof texts[3], "worker-window=%u", take(input) % 8 + 1u);
    struct config *loaded = config_load(&args, error, sizeof error);
    if (!loaded)
        fprintf(stderr, "%s\n", error);
    bug_on(!loaded);
    most_workers = pool_max > most_workers ? pool_max : most_workers;
    return loaded;
}

static struct dispatcher_limits limits_of(const struct config *c)
{
    return (struct dispatcher_limits){
        .pool_start = c->pool_start,
        .pool_max = c->pool_max,
        .job_max = c->job_max,
        .start_timeout_ms = c->start_timeout_ms,
        .job_timeout_ms = c->job_timeout_ms,
        .kill_grace_ms = c->kill_grace_ms,
        .worker_window = c->worker_window,
    };
}

static void apply(struct config *c)
{
    module_table_configure(&modules, c);
    clients_configure(&clients, c);
    clients.limits.output_pause = OUTPUT_PAUSE;
    workers_configure(&workers, c);
    config = c;
}

static void reload(struct input *input)
{
    struct config *before = config;
    apply(load_config(input));
    config_free(before);
    struct dispatcher_limits limits = limits_of(config);
    dispatcher_configure(&d, &limits, true);
}

static void set_up(struct input *input)
{
    static const char boot[] = "boot";
    log_configure(LOG_DEBUG, LOG_TEXT);
    most_workers = 0;
    config = load_config(input);
    clock_now_us = 1000000;
    proc_count = starts_that_fail = 0;
    for (int i = 0; i < CLIENTS; i++)
        peers[i] = (struct client){.fd = -1};
    for (int i = 0; i < STRANGERS; i++)
        strangers[i] = -1;
    base = event_base_new();
    timers_init(&timers, clock_now_us);
    budget = (struct payload_budget){.max = config->payload_total_max};
    conn_loop_init(&loop, base, &timers, &budget);
    module_table_init(&modules, config);
    struct dispatcher_limits limits = limits_of(config);
    dispatcher_init(&d, &worker_link_ops, &workers, &timers, &limits, 1);
    reporter = (struct report){&d, &modules, &budget, &clients, boot, clock_now_us};
    clients = (struct clients){
        .dispatcher = &d, .modules = &modules, .loop = &loop, .report = &reporter, .boot = boot};
    workers = (struct workers){.dispatcher = &d, .loop = &loop, .boot = boot};
    clients_init(&clients);
    workers_init(&workers);
    workers.env.environ = worker_proc_environ();
    apply(config);
}

static void tear_down(void)
{
    for (int i = 0; i < CLIENTS; i++)
        leave(&peers[i]);
    for (int i = 0; i < STRANGERS; i++)
        if (strangers[i] >= 0)
            close(strangers[i]);
    for (size_t i = 0; i < proc_count; i++)
        bug_on(!procs[i].reaped);
    bug_on(budget.held);
    dispatcher_free(&d);
    clients_free(&clients);
    workers_free(&workers);
    module_table_free(&modules);
    conn_loop_free(&loop);
    bug_on(timers.count);
    timers_free(&timers);
    event_base_free(base);
    config_free(config);
}

static void step(struct input *input)
{
    uint8_t what = take(input);
    switch (what % 12) {
    case 0:
    case 1:
    case 2:
    case 3:
        do_client(input);
        break;
    case 4:
    case 5:
    case 6:
        do_worker(input);
        break;
    case 7:
        workers_reap(&workers);
        break;
    case 8:
        clock_now_us += what < 128 ? take(input) * 100u : take(input) * 20000u;
        turn();
        break;
    case 9:
        if (what < 64)
            do_stranger(input);
        else if (what < 110)
            starts_that_fail = take(input) % 3;
        else if (what < 128)
            reload(input);
        else
            good_round();
        break;
    default:
        turn();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    unsigned ending = size ? data[size - 1] : 0;
    set_up(&input);
    dispatcher_start(&d);
    for (int i = 0; input.left && i < STEPS_MAX; i++) {
        step(&input);
        check();
    }
    if ((ending & 0xf0) != 0xf0)
        settle();
    drain(ending);
    tear_down();
    return 0;
}
