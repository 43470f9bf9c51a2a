/*
 * fake_master: drives the real worker program from a test, as the master would.
 *
 * The worker comes from $BUILD (default: build). Every wait has a deadline, after which the test
 * fails with what the worker had logged until then.
 */
#ifndef TASKMASTER_TESTS_UNIT_WORKER_FAKE_MASTER_H
#define TASKMASTER_TESTS_UNIT_WORKER_FAKE_MASTER_H

#include "common/wire.h"
#include "common/worker_page.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum {
    PAYLOAD_MAX = 16 * 1024 * 1024,
    LOG_KEPT_MAX = 4 * 1024 * 1024,
    DEADLINE_MS = 20 * 1000,
    TEST_TIMEOUT_S = 60,
};

struct fake_master {
    pid_t pid;                /* the worker */
    int pid_fd;               /* readable once it has ended */
    int listen_fd;            /* its port */
    int life_fd;              /* write end of the life pipe */
    int log_fd;               /* read end of its stdout and stderr */
    int socket;               /* its connection, once accepted; -1 before */
    struct worker_page *page; /* mapped; the worker's token was set to bytes 1, 2, 3 ... */
    size_t log_len;
    char *log; /* NUL-terminated; what it has printed, \v for each NUL */
};

struct answer {
    struct wire_head head;
    char text[WIRE_TEXT_MAX + 1];
    char *payload; /* NUL-terminated; owned by the fake_master module until the next answer */
};

/* An absolute path below $BUILD; free() it. */
char *build_path(const char *relative);

/* The settings of WELCOME, a line each: module_dir is $BUILD/`module_dir`; `more` is appended, as
 * in "preload=echo\n". free() them. */
char *make_settings(const char *module_dir, const char *more);

/* Starts the worker and no more. */
void fake_master_spawn(struct fake_master *m);

/* Accepts its connection and checks its HELLO. */
void fake_master_accept(struct fake_master *m);

/* Each LF in `settings` is sent as the NUL that closes one. */
void fake_master_welcome(struct fake_master *m, const char *release, const char *settings);

/* All of these, and READY is awaited. `settings` are freed. */
void fake_master_start(struct fake_master *m, char *settings);

/* Sends bytes as they are. */
void fake_master_send(struct fake_master *m, const void *data, size_t len);

/* The head of a RUN; its claim word is offered. */
struct wire_head make_run(uint64_t job, const char *module, size_t size);

void fake_master_run(struct fake_master *m, uint64_t job, const char *module, const void *payload,
                     size_t size);

/* The worker's next message. */
const struct answer *fake_master_answer(struct fake_master *m);

/* fake_master_run() with a text, and its answer, checked to be of the same job. */
const struct answer *fake_master_ask(struct fake_master *m, const char *module, const char *text);

/* Sets the stop flag for `job`. */
void fake_master_stop(struct fake_master *m, uint64_t job);

/* Waits until the worker has ended: its wait status. What it printed is in the log then. */
int fake_master_wait(struct fake_master *m);

/* Ends it gracefully, checks that it ended with 0, and frees what there is. */
void fake_master_finish(struct fake_master *m);

/* Frees what there is of a worker that has ended. */
void fake_master_free(struct fake_master *m);

/* Waits until the log holds `text`. */
void fake_master_expect_log(struct fake_master *m, const char *text);

/* Whether the process ended within `timeout_ms`. */
bool ended_within(int pid_fd, int timeout_ms);

/* The text of /proc/`pid`/`file`; free() it. */
char *read_proc(pid_t pid, const char *file);

#endif
