/*
 * fake_master: plays the master for the real worker program.
 *
 * The worker comes from $BUILD (default: build). Every wait has a deadline; after the deadline the
 * test fails and shows the worker's log.
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
    int pid_fd;               /* readable once the worker has ended */
    int listen_fd;            /* the port for workers */
    int life_fd;              /* write end of the life pipe */
    int log_fd;               /* read end of the worker's stdout and stderr */
    int socket;               /* the worker's connection; -1 before fake_master_accept() */
    struct worker_page *page; /* mapped; the token is the bytes 1, 2, 3 ... */
    size_t log_len;
    char *log; /* the worker's output with a NUL at its end, \v for each NUL inside */
};

/* Told to the next worker. By default a debugger may attach to it. */
extern struct worker_limits master_limits;

struct answer {
    struct wire_head head;
    char text[WIRE_TEXT_MAX + 1];
    char *payload; /* NUL-terminated; owned by fake_master, valid until the next answer */
};

/* Returns an absolute path below $BUILD; the caller frees it. */
char *build_path(const char *relative);

/* Returns the settings of WELCOME, a line each, with module_dir=$BUILD/`module_dir`. `more` is
 * appended, as in "preload=echo\n". The caller frees them. */
char *make_settings(const char *module_dir, const char *more);

/* Starts the worker, without waiting for its connection. */
void fake_master_spawn(struct fake_master *m);

/* Accepts the worker's connection and checks the HELLO. */
void fake_master_accept(struct fake_master *m);

/* Sends a WELCOME, with each LF in `settings` as a NUL. */
void fake_master_welcome(struct fake_master *m, const char *release, const char *settings);

/* Does all of these and waits for READY. Frees `settings`. */
void fake_master_start(struct fake_master *m, char *settings);

/* Sends bytes unchanged. */
void fake_master_send(struct fake_master *m, const void *data, size_t len);

/* Returns the head of a RUN and sets its claim word to offered. */
struct wire_head make_run(uint64_t job, const char *module, size_t size);

void fake_master_run(struct fake_master *m, uint64_t job, const char *module, const void *payload,
                     size_t size);

/* Waits for the worker's next message. */
const struct answer *fake_master_answer(struct fake_master *m);

/* Sends a job with a text and returns its answer, checked for the job's number. */
const struct answer *fake_master_ask(struct fake_master *m, const char *module, const char *text);

/* Sets the stop flag for `job`. */
void fake_master_stop(struct fake_master *m, uint64_t job);

/* Waits for the worker's end and returns its wait status. The log is complete then. */
int fake_master_wait(struct fake_master *m);

/* Ends the worker gracefully, checks its exit status to be 0, and frees `m`. */
void fake_master_finish(struct fake_master *m);

/* Frees everything about an ended worker. */
void fake_master_free(struct fake_master *m);

/* Waits until the log holds `text`. */
void fake_master_expect_log(struct fake_master *m, const char *text);

/* Returns true if the process ends within `timeout_ms`. */
bool ended_within(int pid_fd, int timeout_ms);

/* Returns the text of /proc/`pid`/`file`; the caller frees it. */
char *read_proc(pid_t pid, const char *file);

#endif
