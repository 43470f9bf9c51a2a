/*
 * fuzz_worker: the worker's side of the wire, from the handshake to the last answer, and a module's
 * calls for its job.
 *
 * The input is a small program to write a master's messages: a welcome with settings of any text,
 * jobs with the module's calls as payload, and bytes of any kind. The module keeps its own account
 * of each job. The worker's answers must match the accounts: one answer for each claimable job, in
 * order, with the outcome and the size of the calls.
 *
 * The functions below replace worker/loader.c and worker/report.c: no input loads a file.
 */
#include "common/job_progress.h"
#include "common/log.h"
#include "common/wire.h"
#include "common/worker_page.h"
#include "worker/effects.h"
#include "worker/handshake.h"
#include "worker/job.h"
#include "worker/job_loop.h"
#include "worker/loader.h"
#include "worker/report.h"
#include "worker/text.h"

#include <taskmaster/version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    JOBS_MAX = 32,
    PAYLOAD_MAX = 1500,
    STREAM_MAX = 64 * 1024, /* fits into a socket's buffer, both ways */
    PARTS_MAX = 24,         /* of all jobs: likewise */
};

struct input {
    const uint8_t *data;
    size_t left;
};

/* The module's calls for a job, or its unavailability. */
struct account {
    uint64_t job;
    enum wire_kind kind;
    size_t size;
    uint32_t slot;
    uint32_t attempt; /* 0: it has no origin */
    uint32_t wants;   /* enum wire_wants */
    unsigned parts;   /* sent */
    unsigned reports; /* made */
    bool refused;     /* a part was */
    bool expected;    /* claimable, and nothing broken came before it */
};

static struct account accounts[JOBS_MAX];
static size_t account_count;
static unsigned parts_left;     /* all jobs together may send so many */
static struct account *current; /* of the module's present job */
static char stream[STREAM_MAX];
static size_t stream_len;
static struct worker_shared shared;
static uint64_t *const claims = shared.claims, *const stop_word = &shared.page.stop_job;

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

/* --- in place of worker/report.c --- */

void report_follow_debug(const uint32_t *debug)
{
    (void)debug;
}

void report_v(tm_level level, const char *fmt, va_list args)
{
    char text[REPORT_MAX + 1], line[REPORT_MAX + 1];
    (void)level;
    bug_on(vsnprintf(text, sizeof text, fmt, args) < 0);
    size_t len = text_one_line(line, sizeof line, text);
    bug_on(len != strlen(text) || memchr(line, '\n', len));
}

void report(tm_level level, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    report_v(level, fmt, args);
    va_end(args);
}

void report_flush_stdout(void)
{
}

/* --- the module --- */

static void reply(tm_job *job, const char *data, size_t len, bool part)
{
    int result = part ? tm_part(job, data, len) : tm_reply(job, data, len);
    bool fits = current->kind != WIRE_KIND_TOO_LARGE && len <= PAYLOAD_MAX - current->size;
    bug_on((result == 0) != fits);
    if (fits)
        current->size += len;
    else if (current->kind == WIRE_KIND_NONE)
        current->kind = WIRE_KIND_TOO_LARGE;
}

/* A part that goes its own way. */
static void send_part(tm_job *job, const char *data, size_t len)
{
    bool unwanted = shared.page.partless_job == current->job;
    if (!unwanted && !parts_left)
        return;
    int result = tm_part(job, data, len);
    bool fits = current->kind != WIRE_KIND_TOO_LARGE && len <= PAYLOAD_MAX;
    bug_on((result == 0) != (fits && !unwanted));
    if (!fits && current->kind == WIRE_KIND_NONE)
        current->kind = WIRE_KIND_TOO_LARGE;
    current->refused |= fits && unwanted;
    parts_left -= fits && !unwanted;
    current->parts += fits && !unwanted;
}

/* Without a wish for parts they are a result. */
static void part(tm_job *job, const char *data, size_t len)
{
    if (current->expected && current->wants & WIRE_WANTS_PARTS)
        send_part(job, data, len);
    else if (current->expected)
        reply(job, data, len < 3 ? len : 3, true);
}

static void report_progress(tm_job *job, uint8_t what, const char *text)
{
    tm_progress(job, what == 255 ? 0.0 / 0.0 : what / 100.0 - 0.5, "%s", text);
    current->reports++;
}

static void fail(tm_job *job, const char *code, const char *message)
{
    bug_on(tm_fail(job, code, "%s", message) != -1);
    if (current->kind == WIRE_KIND_NONE)
        current->kind = WIRE_KIND_MODULE;
}

/* Makes one call. `rest` is the rest of the payload. */
static void call(tm_job *job, uint8_t what, const char *rest, size_t len)
{
    switch (what % 10) {
    case 0:
        reply(job, rest, len, false);
        break;
    case 1:
        part(job, rest, what & 64 ? len : len < 3 ? len : 3);
        break;
    case 2:
        fail(job, rest, rest);
        break;
    case 3:
        fail(job, "div-by-zero", rest);
        break;
    case 4:
        tm_log(job, (tm_level)what, "%s", rest);
        break;
    case 5:
        report_progress(job, what, rest);
        break;
    case 6:
        bug_on(strlen(tm_job_id(job)) > ID_MAX);
        break;
    case 7:
        bug_on(tm_job_time_left_ms(job) < -1);
        break;
    case 8:
        bug_on(current->expected && tm_should_stop(job) != (*stop_word == current->job));
        break;
    default:
        fail(job, NULL, rest);
        break;
    }
}

static int run(tm_job *job)
{
    size_t len;
    const char *data = tm_job_data(job, &len);
    bug_on(!data || data[len] != '\0');
    bug_on(current->expected && tm_job_attempt(job) != (current->attempt ? current->attempt : 1));
    bug_on(current->expected &&
           (strcmp(tm_job_origin(job), tm_job_id(job)) != 0) != (current->attempt > 0));
    for (size_t i = 0; i + 1 < len; i += 2)
        call(job, (uint8_t)data[i], data + i + 1, len - i - 1);
    bool failed = len && (uint8_t)data[len - 1] > 250;
    if (failed && current->kind == WIRE_KIND_NONE)
        current->kind = WIRE_KIND_MODULE;
    return failed;
}

/* --- in place of worker/loader.c --- */

static void next_account(void)
{
    current = current ? current + 1 : accounts;
    while (current < accounts + account_count && !current->expected)
        current++;
    /* The account of accidental jobs, made of broken bytes. */
    static struct account stray;
    if (current >= accounts + account_count) {
        current = &stray;
        stray = (struct account){.kind = WIRE_KIND_NONE};
    }
}

const struct module *loader_get(struct loader *loader, const char *name, struct refusal *refusal)
{
    static const struct module module = {.descriptor.run = run, .name = "m"};
    (void)loader;
    next_account();
    if (name[0] == 'm')
        return &module;
    current->kind = WIRE_KIND_UNAVAILABLE;
    memset(refusal->text, 'u', sizeof refusal->text - 1);
    refusal->text[sizeof refusal->text - 1] = '\0';
    refusal->unfit = false;
    return NULL;
}

int loader_leave(struct loader *loader, const char *next)
{
    (void)loader;
    bug_on(!*next);
    return 0;
}

unsigned loader_effects(const struct loader *loader)
{
    (void)loader;
    return EFFECT_ALL;
}

void loader_reset_mask(const struct loader *loader)
{
    (void)loader;
}

size_t loader_descriptors(const struct loader *loader)
{
    (void)loader;
    return 0;
}

const char *loader_current(const struct loader *loader)
{
    (void)loader;
    return "m";
}

/* --- the master's messages --- */

static void put(const void *data, size_t len)
{
    if (len > STREAM_MAX - stream_len)
        len = STREAM_MAX - stream_len;
    memcpy(stream + stream_len, data, len);
    stream_len += len;
}

static void draw_wants(struct input *input, struct account *account, uint8_t what)
{
    uint8_t wants = what % 5 == 2 ? take(input) : 0;
    account->wants = wants & (WIRE_WANTS_PROGRESS | WIRE_WANTS_PARTS | WIRE_WANTS_USAGE);
    if (wants & 64)
        shared.page.partless_job = account->job;
}

static void put_job(struct input *input, bool whole)
{
    struct wire_head head = {.magic = WIRE_MAGIC, .type = WIRE_RUN, .job = account_count + 1};
    uint8_t what = take(input);
    if (account_count == JOBS_MAX)
        return;
    size_t len = (size_t)take(input) * (what & 16 ? 5 : 1);
    const void *payload = take_bytes(input, &len);
    head.size = len;
    head.slot = what % WORKER_CLAIMS;
    head.time_us = what & 32 ? what : 0;
    head.payload_max = PAYLOAD_MAX;
    memcpy(head.name, what & 64 ? "unknown" : "m", what & 64 ? 8 : 2);
    struct account *account = &accounts[account_count++];
    *account = (struct account){.job = head.job, .slot = head.slot};
    account->expected = whole && len <= PAYLOAD_MAX;
    account->attempt = what % 7 == 1 ? what : 0;
    draw_wants(input, account, what);
    head.wants = account->wants;
    claims[head.slot] = claim_word(head.job, what & 128 ? CLAIM_RECLAIMED : CLAIM_OFFERED);
    if (what % 61 == 3)
        *stop_word = head.job;
    struct wire_origin origin = {.attempt = account->attempt, .id = "q"};
    head.text_len = account->attempt ? sizeof origin : 0;
    put(&head, sizeof head);
    put(&origin, head.text_len);
    put(payload, len);
}

/* Appends a head with any four bytes somewhere in it. */
static void put_bent(struct input *input)
{
    struct wire_head head = {.magic = WIRE_MAGIC, .type = WIRE_RUN, .name = "m"};
    size_t at = take(input) % (sizeof head - 4), len = 4;
    const void *bytes = take_bytes(input, &len);
    memcpy((char *)&head + at, bytes, len);
    head.payload_max = PAYLOAD_MAX; /* limit of the buffers here */
    put(&head, sizeof head);
}

/* Appends something. Returns whether the stream is still a correct master's. */
static bool put_something(struct input *input, bool whole)
{
    uint8_t what = take(input);
    size_t len = take(input);
    if (what < 200) {
        put_job(input, whole);
        return whole && accounts[account_count - 1].expected;
    }
    if (what < 230)
        put_bent(input);
    else
        put(take_bytes(input, &len), len);
    return false;
}

static bool put_welcome(struct input *input)
{
    static const char settings[] = "boot=k3f9\0module_dir=/";
    struct wire_head head = {.magic = WIRE_MAGIC, .type = WIRE_WELCOME, .name = TASKMASTER_VERSION};
    uint8_t what = take(input);
    size_t len = (size_t)take(input) * 4;
    const void *text = what < 200 ? settings : take_bytes(input, &len);
    head.size = what < 200 ? sizeof settings : len;
    if (what == 250)
        head.type = WIRE_RUN;
    if (what == 251)
        head.name[0] = '9';
    put(&head, sizeof head);
    put(text, head.size);
    return what < 200;
}

/* A job is claimed only if its slot still holds it at its turn. */
static void expect_claims(void)
{
    for (size_t i = 0; i < account_count; i++) {
        bool offered = false;
        for (size_t slot = 0; slot < WORKER_CLAIMS; slot++)
            offered |= claims[slot] == claim_word(accounts[i].job, CLAIM_OFFERED);
        accounts[i].expected &= offered;
    }
}

/* --- the worker, and its answers --- */

static void read_exactly(int fd, void *to, size_t len)
{
    char *at = to;
    while (len) {
        ssize_t n = recv(fd, at, len, MSG_DONTWAIT);
        bug_on(n <= 0);
        at += n;
        len -= (size_t)n;
    }
}

static bool read_head(int fd, struct wire_head *head)
{
    char byte;
    if (recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) != 1)
        return false;
    read_exactly(fd, head, sizeof *head);
    bug_on(head->magic != WIRE_MAGIC || head->name[sizeof head->name - 1]);
    return true;
}

/* A report on the job's progress: at most as many as the module has made. */
static void check_report(int fd, const struct wire_head *head, const struct account *account)
{
    struct job_progress report = {.count = 0};
    bug_on(head->job != account->job || !(account->wants & WIRE_WANTS_PROGRESS));
    bug_on(head->size < JOB_PROGRESS_SIZE_MIN || head->size > sizeof report || head->text_len);
    read_exactly(fd, &report, head->size);
    bug_on(report.job != account->job || !(report.fraction >= 0 && report.fraction <= 1));
    bug_on(memchr(report.message, '\0', sizeof report.message) == NULL);
}

static void check_part(int fd, const struct wire_head *head, const struct account *account)
{
    static char body[PAYLOAD_MAX];
    bug_on(head->job != account->job || !(account->wants & WIRE_WANTS_PARTS));
    bug_on(head->size > PAYLOAD_MAX || head->text_len);
    read_exactly(fd, body, head->size);
}

/* Reads the parts and reports of the job, and the head of its answer behind them. The latest report
 * is among them. */
static void read_news(int fd, struct wire_head *head, const struct account *account)
{
    unsigned parts = 0, reports = 0;
    for (; head->type == WIRE_PART || head->type == WIRE_PROGRESS; read_head(fd, head)) {
        if (head->type == WIRE_PART)
            check_part(fd, head, account), parts++;
        else
            check_report(fd, head, account), reports++;
    }
    bug_on(parts != account->parts || reports > account->reports);
    bug_on(account->wants & WIRE_WANTS_PROGRESS && account->reports && !reports);
}

/* Reads the next message, and skips messages about results in slots. `untold`: there are unreported
 * results in slots. */
static bool next_answer(int fd, struct wire_head *head, bool *untold)
{
    while (read_head(fd, head)) {
        *untold = false;
        if (head->type != WIRE_ANSWERED)
            return true;
        bug_on(head->size || head->text_len || head->job);
    }
    return false;
}

static void check_answer(int fd, const struct account *account, bool *untold)
{
    static char body[WIRE_TEXT_MAX + PAYLOAD_MAX];
    struct wire_head head;
    if (claims[account->slot] == claim_word(account->job, CLAIM_ANSWERED)) {
        bug_on(account->kind != WIRE_KIND_NONE || account->size > WORKER_RESULT_MAX ||
               account->wants);
        bug_on(shared.results[account->slot].size != account->size);
        *untold = true;
        return;
    }
    bug_on(!next_answer(fd, &head, untold));
    read_news(fd, &head, account);
    uint32_t done = account->refused ? WIRE_DONE_PARTLY : WIRE_DONE_WHOLE;
    bug_on(head.job != account->job ||
           head.kind != (account->kind == WIRE_KIND_NONE ? done : account->kind));
    bug_on(head.type != (account->kind == WIRE_KIND_NONE ? WIRE_DONE : WIRE_FAILED));
    bug_on(head.size != (account->kind == WIRE_KIND_TOO_LARGE ? 0 : account->size));
    bug_on(head.text_len > WIRE_TEXT_MAX || (head.text_len && head.type == WIRE_DONE));
    read_exactly(fd, body, head.text_len + head.size);
}

static void check_answers(int fd, bool whole)
{
    struct wire_head head;
    bool untold = false;
    for (size_t i = 0; i < account_count; i++)
        if (accounts[i].expected)
            check_answer(fd, &accounts[i], &untold);
    bug_on(whole && (next_answer(fd, &head, &untold) || untold));
}

static void work(int fd, bool whole)
{
    struct settings settings;
    struct wire_head head;
    struct master_link *link = master_link_new(fd);
    int peer = fd + 1; /* see below */
    if (handshake_welcome(link, &settings) == 0) {
        bug_on(settings.module_dir[0] != '/' || !settings.boot);
        bug_on(!settings_module_config(&settings, "m"));
        for (const char *name = NULL; (name = settings_preload(&settings, name));)
            bug_on(name + strlen(name) >= settings.text + settings.len);
        bug_on(handshake_ready(link) < 0);
        bug_on(!read_head(peer, &head) || head.type != WIRE_READY);
        enum link_status status = job_loop_run(link, NULL, &settings, &shared);
        bug_on(whole && status != LINK_END);
        check_answers(peer, whole && status == LINK_END);
        settings_free(&settings);
    }
    master_link_free(link);
}

static void make_pair(int pair[2])
{
    bug_on(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0);
    if (pair[1] == pair[0] + 1)
        return;
    bug_on(dup2(pair[1], pair[0] + 1) < 0);
    close(pair[1]);
    pair[1] = pair[0] + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    int pair[2];
    stream_len = account_count = 0;
    parts_left = PARTS_MAX;
    current = NULL;
    memset(&shared, 0, sizeof shared);
    bool whole = put_welcome(&input), expected = whole;
    while (input.left && account_count < JOBS_MAX && stream_len < STREAM_MAX / 2)
        expected = put_something(&input, expected);
    expect_claims();
    make_pair(pair);
    bug_on(send(pair[1], stream, stream_len, MSG_NOSIGNAL) != (ssize_t)stream_len);
    shutdown(pair[1], SHUT_WR);
    work(pair[0], whole && expected);
    close(pair[1]);
    return 0;
}
