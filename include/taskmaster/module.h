/*
 * module.h: the interface for taskmaster modules, ABI 1.
 *
 * A module is one shared object, NAME.so for the module NAME ([A-Za-z0-9_-]{1,64}). It includes
 * this header, links no library of ours, and defines its descriptor with TM_MODULE:
 *
 *     #include <taskmaster/module.h>
 *
 *     static int run(tm_job *job)
 *     {
 *         size_t len;
 *         const char *data = tm_job_data(job, &len);
 *         return tm_reply(job, data, len);
 *     }
 *
 *     TM_MODULE(.name = "echo", .version = "1.0", .run = run);
 *
 *     cc -shared -fPIC -o echo.so echo.c
 *
 * Threads: every hook is called on the worker's main thread, one job at a time. A module may start
 * threads of its own, but only the main thread may call the functions of this header; the
 * exceptions are tm_should_stop() and tm_stop_reason().
 *
 * Lifetime: a module and its static variables live as long as the worker process. To install a new
 * build, replace the file by rename (install, mv; never cp onto it, which changes the code under
 * running workers), then send the daemon SIGHUP. Each worker is replaced once its job has ended.
 *
 * Memory: the worker owns the tm_job, the tm_host and everything returned by their functions; a
 * module frees none of it.
 *
 * Symbols: the worker exports none to a module. Only the C library takes precedence over the
 * symbols of a module and its own libraries.
 *
 * Signals: the signals of ordinary termination (SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2,
 * SIGALRM and the like) end a worker if the master or the module itself causes them (raise(), a
 * timer). From other senders they do not end a worker, but a waiting call may fail with EINTR. A
 * module may install handlers of its own.
 *
 * State: the process outlasts a job, and jobs of other modules run in it. Before a job of another
 * module, the worker restores the following to the state at the worker's start: signal actions, the
 * signal mask and the alternate signal stack, the timers of setitimer() and alarm(), the working
 * directory, the umask, the environment, the locale, soft limits, the processor affinity,
 * descriptors 0, 1 and 2 and the streams on them; on x86-64 the rounding of floating point numbers;
 * and, as far as the system allows, priority, scheduling policy and the effective user and group.
 * Timers of timer_create() are deleted where /proc lists them.
 *
 * When the worker returns to a module, it restores the changes made by init(), except streams and
 * timers of timer_create(); a descriptor of 0 to 2 closed by init() is opened again. Between two
 * jobs of the same module, only the signal mask is restored, to the one left by init(); everything
 * else is left to the module. tm_log() reaches the master's log whatever is on descriptor 2.
 *
 * Never restored are: other descriptors (a worker is replaced if jobs have left more than 64 open,
 * or fewer than 16 free; those opened by init() are the module's own), memory, threads, children,
 * hard limits, a user and group given up for good, supplementary groups, capabilities, settings of
 * prctl(), the root directory, namespaces, session and process group. A module with a thread is
 * assumed to change things at any time; changes during another module's job affect that job. What a
 * module needs beyond this list has to be in a worker of its own: give the module a pool.
 *
 * Children: a forked process must end by _exit() or exec. If a child returns from a hook, the
 * worker's code ends the child with status 70 and a line in the log. A child may call the functions
 * of this header, but only tm_log() has an effect outside of the child. A child of vfork(2) shares
 * the worker's memory: it may only call exec and _exit().
 *
 * Works from C11 and from C++20 (designated initialisers), with GCC and Clang.
 */
#ifndef TASKMASTER_MODULE_H
#define TASKMASTER_MODULE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define TM_ZERO = {} /* keeps C++ from warning of an omitted field */
#else
#define TM_ZERO
#endif

/* The ABI of this header. The loader refuses every other number. */
#define TM_ABI 1

#if defined(__GNUC__)
#define TM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define TM_EXPORT            __attribute__((visibility("default")))
#define TM_UNUSED            __attribute__((unused))
#else
#define TM_PRINTF(fmt, args)
#define TM_EXPORT
#define TM_UNUSED
#endif

typedef struct tm_job tm_job;   /* one job, valid until run() returns */
typedef struct tm_host tm_host; /* the worker, valid from init() to the end of the process */

/* The level of a line in the master's log. Debug lines are dropped unless the master logs at level
 * debug. */
typedef enum tm_level { TM_DEBUG, TM_INFO, TM_WARNING, TM_ERROR } tm_level;

/*
 * The worker's side of the calls below; modules use the inline functions instead. Members are only
 * ever appended. An inline function for an appended member asks TM_HAS() first: so a module built
 * with a newer header still runs, without the newer calls, in an older worker.
 */
struct tm_functions {
    size_t size; /* of this table in the worker, in bytes */
    const char *(*data)(tm_job *job, size_t *len);
    const char *(*id)(tm_job *job);
    int64_t (*time_left_ms)(tm_job *job);
    int (*reply)(tm_job *job, const void *data, size_t len);
    int (*part)(tm_job *job, const void *data, size_t len);
    void (*progress)(tm_job *job, double fraction, const char *fmt, va_list args);
    void (*log)(tm_job *job, tm_level level, const char *fmt, va_list args);
    int (*fail)(tm_job *job, const char *code, const char *fmt, va_list args);
    void (*host_log)(const tm_host *host, tm_level level, const char *fmt, va_list args);
    int (*host_fail)(const tm_host *host, const char *fmt, va_list args);
    const char *(*origin)(tm_job *job);
    uint32_t (*attempt)(tm_job *job);
    const char *(*stop_reason)(const tm_job *job);
    int (*retry)(tm_job *job, uint32_t delay_ms, const char *code, const char *fmt, va_list args);
    uint32_t (*host_pool_max)(const tm_host *host);
};

/* The part of a job read by the inline functions; the worker's own fields follow. */
struct tm_job {
    const struct tm_functions *functions;
    const uint64_t *stop_word; /* in memory shared with the master */
    uint64_t stop_value;       /* the job must stop if *stop_word equals this */
};

struct tm_host {
    const struct tm_functions *functions;
};

#define TM_HAS(object, member)    \
    ((object)->functions->size >= \
     offsetof(struct tm_functions, member) + sizeof((object)->functions->member))

/*
 * Returns the job's payload, never NULL, and stores its length in `*len` (0 to the master's
 * payload-max bytes); `len` may be NULL. A NUL, not counted in the length, follows the last byte.
 * Borrowed, valid until run() returns.
 */
static inline TM_UNUSED const char *tm_job_data(tm_job *job, size_t *len)
{
    return job->functions->data(job, len);
}

/* Returns the server's id of the job ("k3f9-17"), as in events and in the log. Borrowed, valid
 * until run() returns. */
static inline TM_UNUSED const char *tm_job_id(tm_job *job)
{
    return job->functions->id(job);
}

/*
 * Returns the id under which somebody else keeps the job, a queue or a gateway before the master: 1
 * to 64 bytes of UTF-8. The same as tm_job_id() for a job without one, and in a worker of an older
 * release. Unlike tm_job_id(), the id of a repeated job stays the same, so a module can recognise a
 * repetition. Borrowed, valid until run() returns.
 */
static inline TM_UNUSED const char *tm_job_origin(tm_job *job)
{
    const char *origin = TM_HAS(job, origin) ? job->functions->origin(job) : NULL;
    return origin != NULL ? origin : tm_job_id(job);
}

/* Returns how often the job was submitted, this time included, as told by its keeper: from 1, and 1
 * if nobody told it. */
static inline TM_UNUSED uint32_t tm_job_attempt(tm_job *job)
{
    uint32_t attempt = TM_HAS(job, attempt) ? job->functions->attempt(job) : 0;
    return attempt > 0 ? attempt : 1;
}

/*
 * Returns the milliseconds until the job's time limit: 0 after the limit, -1 for a job without one.
 * After the limit the master stops the job: the stop flag at once, SIGTERM at half of
 * kill-grace-ms, SIGKILL at kill-grace-ms.
 */
static inline TM_UNUSED int64_t tm_job_time_left_ms(tm_job *job)
{
    return job->functions->time_left_ms(job);
}

/*
 * Returns true once the job was cancelled or has reached its time limit, or its soft time limit:
 * the module should give up and return. The call is one read of shared memory, cheap enough for a
 * tight loop. May be called on any thread until run() returns.
 */
static inline TM_UNUSED int tm_should_stop(const tm_job *job)
{
    return __atomic_load_n(job->stop_word, __ATOMIC_RELAXED) == job->stop_value;
}

/*
 * Returns why the job should stop; "" while tm_should_stop() is false, and in a worker of an older
 * release. Static.
 *
 * - "cancel": somebody has cancelled the job;
 * - "timeout": the job ran into its time limit;
 * - "soft-timeout": the job ran into its soft time limit;
 * - "shutdown": the server ends;
 * - "link": the connection of the job's client has ended;
 * - "reader": the client takes nothing of the job's parts.
 *
 * After soft-timeout nothing else happens for now: a result, perhaps a partial one, is as good as
 * any other, while a failure is told as a timeout.
 *
 * All but soft-timeout are final, and are followed by SIGTERM and SIGKILL. May be called on any
 * thread until run() returns.
 */
static inline TM_UNUSED const char *tm_stop_reason(const tm_job *job)
{
    return TM_HAS(job, stop_reason) ? job->functions->stop_reason(job) : "";
}

/*
 * Appends `len` bytes (copied) to the job's result; may be called repeatedly. Returns 0, or -1 if
 * the result would exceed payload-max or the worker has no memory for it. After -1 the job fails
 * with reason too-large, whatever follows, unless tm_fail() was called before. The result of a
 * failed job is sent as the details of the failure.
 */
static inline TM_UNUSED int tm_reply(tm_job *job, const void *data, size_t len)
{
    return job->functions->reply(job, data, len);
}

/*
 * Sends a piece of the result at once, ahead of the bytes of tm_reply(), to a submitter asking for
 * parts: `len` bytes, 0 to payload-max, in any number of calls. So a result of any size passes
 * through little memory. The call waits while the submitter does not take the parts sent before;
 * the time limit of the job goes on.
 *
 * Returns 0, or -1 if the part is too large (the job fails with reason too-large) or nobody wants
 * it: the job is to stop, or its submitter is gone. Then all further parts are refused, too, and
 * the module should give up and return. A job that is being stopped does not end as done if a part
 * of it was refused.
 *
 * For submitters not asking for parts the call is the same as tm_reply(), and so in a worker of an
 * older release.
 */
static inline TM_UNUSED int tm_part(tm_job *job, const void *data, size_t len)
{
    return job->functions->part(job, data, len);
}

/*
 * Reports progress: a fraction from 0 to 1, clamped (NaN is 0), and a message in printf form, cut
 * at 512 bytes; NULL or an empty text is no message. Submitters asking for progress get at most ten
 * reports a second, and the latest one before the job's end, even if the job crashes. Each report
 * costs a microsecond or less, one sent to the submitter some more.
 */
TM_PRINTF(3, 4)
static inline TM_UNUSED void tm_progress(tm_job *job, double fraction, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    job->functions->progress(job, fraction, fmt, args);
    va_end(args);
}

/*
 * Writes one line to the master's log, tagged with the worker and the job: printf form, cut at
 * 1,024 bytes, control characters escaped. Output on stdout and stderr is logged as well, line by
 * line, at level info. stdout is line-buffered: an unfinished line is written when run() returns,
 * and is lost if the process dies before; stderr is not buffered. If the job's worker crashes, the
 * last 2 KiB of the job's lines and output are in the failed event, as `output`, and the backtrace
 * is there as `crash`. A handler of the module's own for SIGSEGV and the like takes the place of
 * the worker's, and the backtrace is missing.
 */
TM_PRINTF(3, 4)
static inline TM_UNUSED void tm_log(tm_job *job, tm_level level, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    job->functions->log(job, level, fmt, args);
    va_end(args);
}

/*
 * Fails the job: the submitter gets `failed`, reason `module`, with this code (1 to 64 of
 * [a-z0-9-]; any other code becomes `bad-code`) and message (printf form, cut at 512 bytes). The
 * first call wins, and nothing undoes it. Always returns -1, for `return tm_fail(job, ...)`.
 */
TM_PRINTF(3, 4)
static inline TM_UNUSED int tm_fail(tm_job *job, const char *code, const char *fmt, ...)
{
    va_list args;
    int result;
    va_start(args, fmt);
    result = job->functions->fail(job, code, fmt, args);
    va_end(args);
    return result;
}

/*
 * Fails the job as tm_fail() does, and says that another try may succeed, in `delay_ms`
 * milliseconds (0 counts as 1): the submitter gets `failed`, reason `module`, with
 * `retry_after_ms`. The server itself tries nothing again; a queue before it heeds the word. In a
 * worker of an older release the call is the same as tm_fail(). Always returns -1, for `return
 * tm_retry(job, ...)`.
 */
TM_PRINTF(4, 5)
static inline TM_UNUSED int tm_retry(tm_job *job, uint32_t delay_ms, const char *code,
                                     const char *fmt, ...)
{
    va_list args;
    int result;
    va_start(args, fmt);
    result = TM_HAS(job, retry) ? job->functions->retry(job, delay_ms, code, fmt, args)
                                : job->functions->fail(job, code, fmt, args);
    va_end(args);
    return result;
}

/*
 * Returns how many workers the pool of this worker may have, as of the worker's start: from 1. For
 * init() of a module whose state must be in one worker. 0 if the number is not known: when a module
 * is checked by taskmasterd -t, and in a worker of an older release.
 */
static inline TM_UNUSED uint32_t tm_host_pool_max(const tm_host *host)
{
    return TM_HAS(host, host_pool_max) ? host->functions->host_pool_max(host) : 0;
}

/* Writes one line to the master's log, tagged with the worker; for init(). Form and limits as for
 * tm_log(). */
TM_PRINTF(3, 4)
static inline TM_UNUSED void tm_host_log(const tm_host *host, tm_level level, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    host->functions->host_log(host, level, fmt, args);
    va_end(args);
}

/*
 * For init(): states why the module cannot work (printf form, cut at 512 bytes). Always returns -1,
 * for init() to return. The job asking for the module goes to another worker, and this worker is
 * replaced. If init() fails in a fresh worker as well, the module's jobs fail for some seconds with
 * reason unavailable and this text, also in the log (module-unavailable); then the module is tried
 * again.
 */
TM_PRINTF(2, 3)
static inline TM_UNUSED int tm_host_fail(const tm_host *host, const char *fmt, ...)
{
    va_list args;
    int result;
    va_start(args, fmt);
    result = host->functions->host_fail(host, fmt, args);
    va_end(args);
    return result;
}

/* The descriptor. Fields are only ever appended; omitted fields are zero. */
typedef struct tm_descriptor {
    uint32_t abi;                /* TM_ABI, filled in by TM_MODULE */
    uint32_t size;               /* of this struct in bytes, filled in by TM_MODULE */
    const char *name;            /* required; the file's name without .so */
    const char *version TM_ZERO; /* of the module, any text; optional */

    /* Required. Does one job. Returns 0 if the job is done; its result is the bytes of tm_reply().
     * After any other value the job has failed, with the code of tm_fail() or else run-failed. */
    int (*run)(tm_job *job);

    /* Optional. Called once per process, before the first job. `config` holds the module's settings
     * as JSON text, "{}" if there are none; borrowed until init() returns. Returns 0, or -1 if the
     * module cannot be used, see tm_host_fail(). */
    int (*init)(const tm_host *host, const char *config) TM_ZERO;

    /* Optional. Called once, when the worker ends gracefully; not after a crash or a kill. */
    void (*fini)(void) TM_ZERO;

    /* Optional. Returns static JSON text: {"help": text, "input": JSON Schema of the payload}, both
     * optional. Called once per process, after a successful init(); a request `modules` shows the
     * text, up to 32,000 bytes. */
    const char *(*describe)(void)TM_ZERO;
} tm_descriptor;

/* The smallest size accepted by the loader, in bytes: the descriptor's size in the first release of
 * ABI 1. */
#define TM_DESCRIPTOR_SIZE_MIN (offsetof(tm_descriptor, describe) + sizeof(const char *(*)(void)))

extern TM_EXPORT const tm_descriptor tm_module;

#ifdef __cplusplus
}
#endif

/* Defines the descriptor: TM_MODULE(.name = "echo", .version = "1.0", .run = run); */
#define TM_MODULE(...)                \
    const tm_descriptor tm_module = { \
        .abi = TM_ABI, .size = (uint32_t)sizeof(tm_descriptor), __VA_ARGS__}

#endif
