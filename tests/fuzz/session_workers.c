/* session_workers: see session_workers.h. */
#include "session_workers.h"

#include "common/job_progress.h"
#include "common/log.h"
#include "common/wire.h"
#include "session_system.h"
#include "workers/port.h"

#include <taskmaster/version.h>

#include <errno.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    STRANGERS = 4,
    PARTS = 40,       /* of a job, at most */
    PART_MAX = 20000, /* bytes; payload-max */
    ROOM = 100000,    /* bytes in the kernel, with some room behind */
};

static struct workers *workers;  /* the master's */
static int strangers[STRANGERS]; /* their sockets; -1: none */

void procs_reset(struct workers *of_master)
{
    workers = of_master;
    for (int i = 0; i < STRANGERS; i++)
        strangers[i] = -1;
}

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
    worker_port_accept(workers, pair[0], &addr, sizeof addr);
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

static void take_ping(struct proc *proc, const struct wire_head *ping)
{
    struct wire_head pong = {.type = WIRE_PONG};
    __atomic_store_n(&proc->shared->pinged_us, clock_now_us, __ATOMIC_RELEASE);
    if (ping->kind == WIRE_PING_SAY)
        send_message(proc, &pong, "", NULL, NULL);
}

/* Takes one message of the master. False if no message is whole. */
static bool take_message(struct proc *proc)
{
    struct wire_head head;
    if (proc->in.len < sizeof head)
        return false;
    memcpy(&head, proc->in.data, sizeof head);
    bug_on(head.magic != WIRE_MAGIC);
    bug_on(head.text_len && (head.type != WIRE_RUN || head.text_len != sizeof(struct wire_origin)));
    if (proc->in.len < sizeof head + head.text_len + head.size)
        return false;
    buffer_drop(&proc->in, sizeof head + head.text_len + head.size);
    if (head.type == WIRE_PING) {
        take_ping(proc, &head);
        return true;
    }
    bug_on(head.type != WIRE_WELCOME && head.type != WIRE_RUN);
    bug_on((head.type == WIRE_WELCOME) == proc->welcomed);
    proc->welcomed = true;
    if (head.type == WIRE_WELCOME)
        return true;
    bug_on(!(proc->said_ready || proc->wrong) || head.slot >= WORKER_CLAIMS ||
           proc->handed_count == PROC_HANDED_MAX);
    bug_on(strcmp(head.name, "echo") != 0 && strcmp(head.name, "wc") != 0);
    proc->handed[(proc->handed_first + proc->handed_count++) % PROC_HANDED_MAX] =
        (struct handed){head.job, head.slot, head.wants};
    return true;
}

/* Claims the next job; false if there is none. */
static bool claim(struct proc *proc, struct handed *handed)
{
    while (proc->handed_count) {
        *handed = proc->handed[proc->handed_first];
        proc->handed_first = (proc->handed_first + 1) % PROC_HANDED_MAX;
        proc->handed_count--;
        if (claim_settle(&proc->shared->claims[handed->slot], handed->seq, CLAIM_BEGUN))
            return true;
    }
    return false;
}

/* Leaves the result in the job's slot. The next message may report it. */
static void leave_result(struct proc *proc, const struct handed *handed, uint32_t size)
{
    struct worker_result *result = &proc->shared->results[handed->slot];
    result->size = size;
    memset(result->data, 'r', size <= WORKER_RESULT_MAX ? size : WORKER_RESULT_MAX);
    __atomic_store_n(&proc->shared->claims[handed->slot], claim_word(handed->seq, CLAIM_ANSWERED),
                     __ATOMIC_RELEASE);
}

static void send_progress(struct proc *proc, const struct handed *handed)
{
    struct job_progress progress = {.count = ++proc->reports, .job = handed->seq, .fraction = 0.5};
    struct wire_head head = {
        .type = WIRE_PROGRESS, .job = handed->seq, .size = JOB_PROGRESS_SIZE_MIN};
    send_message(proc, &head, "", NULL, &progress);
}

static void answer(struct proc *proc, uint8_t what)
{
    static char payload[80 * 256];
    struct handed handed;
    if (proc->streaming.seq || !claim(proc, &handed))
        return;
    if (handed.wants & WIRE_WANTS_PROGRESS)
        send_progress(proc, &handed);
    if (handed.wants & WIRE_WANTS_PARTS) {
        proc->streaming = handed;
        proc->parts_left = (unsigned)(handed.seq * 7 % PARTS);
        return;
    }
    if (what % 8 == 6 && !handed.wants) {
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

/* --- parts --- */

/* The kernel has room for a part, so that the worker need not wait. */
static bool has_room(const struct proc *proc)
{
    int untaken = 0;
    bug_on(ioctl(proc->fd, SIOCOUTQ, &untaken) < 0);
    return untaken < ROOM;
}

static void send_part(struct proc *proc)
{
    static char bytes[PART_MAX];
    uint64_t job = proc->streaming.seq;
    struct wire_head head = {
        .type = WIRE_PART, .job = job, .size = job * proc->parts_left * 977 % PART_MAX};
    proc->parts_left--;
    send_message(proc, &head, "", NULL, bytes);
}

/* Nobody wants parts any more. */
static bool is_refused(const struct proc *proc)
{
    return __atomic_load_n(&proc->shared->page.partless_job, __ATOMIC_RELAXED) ==
           proc->streaming.seq;
}

/* Some parts, and the answer behind the last one. */
static void go_on_streaming(struct proc *proc)
{
    struct wire_head done = {.type = WIRE_DONE, .job = proc->streaming.seq};
    bool refused = is_refused(proc);
    while (proc->parts_left && !refused && has_room(proc))
        send_part(proc);
    if (proc->parts_left && !refused)
        return;
    done.kind = refused ? WIRE_DONE_PARTLY : WIRE_DONE_WHOLE;
    send_message(proc, &done, "", NULL, NULL);
    proc->streaming.seq = 0;
}

/* One message reports the small results of several jobs. */
static void answer_well(struct proc *proc)
{
    struct wire_head answered = {.type = WIRE_ANSWERED};
    bool untold = false;
    while (!proc->streaming.seq && proc->handed_count > 1) {
        answer(proc, 6);
        untold = true;
    }
    if (proc->streaming.seq)
        go_on_streaming(proc);
    else if (proc->handed_count)
        answer(proc, 2);
    else if (untold)
        send_message(proc, &answered, "", NULL, NULL);
}

static void read_worker(struct proc *proc)
{
    bool more = buffer_receive(proc->fd, &proc->in);
    while (take_message(proc))
        ;
    if (!more)
        proc_die(proc, 0); /* the master ended it, or its connection broke */
}

/* Takes one step, like a real worker. */
static void behave(struct proc *proc)
{
    struct wire_head ready = {.type = WIRE_READY};
    if (proc->dead || proc->hung)
        return;
    if (proc->told_term) {
        proc_die(proc, SIGTERM);
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
    struct wire_head head = {.magic = WIRE_MAGIC,
                             .type = input_take(input) % 13,
                             .job = workers->pools->shared.last_seq};
    uint8_t what = input_take(input);
    size_t at = input_take(input) % sizeof head, len = what % 16;
    const void *bytes = input_bytes(input, &len);
    if (len > sizeof head - at)
        len = sizeof head - at;
    memcpy((char *)&head + at, bytes, len);
    send_to_master(proc, &head, what & 16 ? sizeof head : what % sizeof head);
}

/* Writes anywhere in the shared memory. */
static void scribble(struct proc *proc, struct input *input)
{
    char *page = (char *)proc->shared + 4096;
    size_t room = sizeof *proc->shared - 4096, len = input_take(input) % 16;
    size_t at = input_take(input) * 8u % (room - 16);
    const void *bytes = input_bytes(input, &len);
    memcpy(page + at, bytes, len);
}

static void print(struct proc *proc, struct input *input)
{
    size_t len = input_take(input);
    const void *bytes = input_bytes(input, &len);
    if (write(proc->output_fd, bytes, len) < 0)
        bug_on(errno != EAGAIN && errno != EPIPE);
}

void procs_act(struct input *input)
{
    struct proc *proc = proc_count ? &procs[proc_count - 1 - input_take(input) % proc_count] : NULL;
    uint8_t what = input_take(input);
    if (!proc || proc->dead || proc->hung)
        return;
    proc->wrong |= what % 16 >= 2 && what % 16 <= 6;
    switch (what % 16) {
    case 0:
        proc_die(proc, what / 16 + 1); /* by that signal */
        break;
    case 1:
        proc_die(proc, what / 16 << 8); /* by exit */
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
                answer(proc, input_take(input));
        }
        break;
    case 6: {
        struct handed handed;
        claim(proc, &handed); /* and never reports it */
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

/* Every process of this machine can connect to the workers' port. */
void strangers_act(struct input *input)
{
    struct proc stranger = {.fd = knock()};
    struct wire_head head = {.type = WIRE_HELLO, .size = sizeof(struct wire_hello)};
    struct wire_hello hello = {.worker = input_take(input) % 8};
    uint8_t what = input_take(input);
    size_t len = what;
    const void *bytes = input_bytes(input, &len);
    memcpy(hello.token, bytes, len < TOKEN_BYTES ? len : TOKEN_BYTES);
    if (what & 1)
        send_message(&stranger, &head, TASKMASTER_VERSION, NULL, &hello);
    else
        send_to_master(&stranger, bytes, len);
    int *place = &strangers[what % STRANGERS];
    if (*place >= 0)
        close(*place);
    *place = stranger.fd; /* the connection stays until the next one */
}

void procs_go_on(void)
{
    for (size_t i = 0; i < proc_count; i++) {
        procs[i].stuck = false;
        behave(&procs[i]);
    }
}

void strangers_leave(void)
{
    for (int i = 0; i < STRANGERS; i++)
        if (strangers[i] >= 0)
            close(strangers[i]);
}
