/*
 * module.h: everything that a taskmaster module needs, ABI 1.
 *
 * A module is one shared object, NAME.so for module NAME ([A-Za-z0-9_-]{1,64}), that includes this
 * header, links no library of ours, and defines its descriptor with TM_MODULE:
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
 * threads of its own, but only the main thread may call a function of this header; tm_should_stop()
 * alone may be called on any thread. State: a module's static variables live as long as its worker
 * process, and so does the module: for a new build to take effect, replace the file by rename
 * (install, mv; never cp onto it, which changes the code under running workers), then send the
 * daemon SIGHUP, and each worker is replaced once its job has ended. Memory: the worker owns the
 * tm_job, the tm_host and all that their functions return; a module frees none of it. Symbols: only
 * the C library comes before what a module and its own libraries define; the worker shows it none.
 *
 * Signals: SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM and the others that end a
 * process and tell of no fault of it end a worker where the master or the module itself is behind
 * them (raise(), a timer); others cannot end it by them, but a call that waits may fail with EINTR.
 * A module may have handlers of its own.
 *
 * The process outlasts a job, and other modules' jobs run in it. When a worker goes over to another
 * module's job, these are put back as they were when the worker started: what signals do, which are
 * blocked, the timers of setitimer() and alarm(), the working directory, the umask, the
 * environment, the locale, soft limits, processors; priority, scheduling policy and the effective
 * user and group as far as that is allowed; on x86-64 the rounding of floating point numbers;
 * descriptors 0, 1 and 2 and the streams on them. Timers of timer_create() are deleted
 * where /proc lists them. When it comes back, what init() had changed of these is restored for the
 * module, but for the descriptors, the streams and the timers of timer_create(). Between two jobs
 * of one module nothing is put back but the signals that are blocked; clearing up is the module's
 * own business there. Never put back are: other descriptors, memory, threads, children, hard
 * limits, user and group that were given up for good, supplementary groups, capabilities, what
 * prctl() sets, the alternate stack of signals, the root directory, namespaces, session and process
 * group. A module that has started a thread is taken to change what it can at any time; what the
 * thread does while another's job runs, that job meets.
 *
 * Children: a process that a module forks ends by _exit() or exec. One that returns from a hook, as
 * the worker does, is ended there, with status 70 and a line in the log. It may call the functions
 * of this header; of them only tm_log() has an effect outside of it. A child of vfork(2) shares the
 * worker's memory: it must do nothing but exec and _exit().
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
#define TM_ZERO = {} /* lets C++ leave a designated field out without a warning */
#else
#define TM_ZERO
#endif

/* The ABI that this header describes. The loader refuses every other number. */
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

typedef struct tm_job tm_job;   /* one job, valid while run() is on it */
typedef struct tm_host tm_host; /* the worker, valid from init() to the end of the process */

/* What a line in the master's log is worth. Debug lines are dropped unless the master logs at that
 * level. */
typedef enum tm_level { TM_DEBUG, TM_INFO, TM_WARNING, TM_ERROR } tm_level;

/*
 * The worker's side of the calls below. Modules use the inline functions. Members are only ever
 * appended, and what is added to this release's asks TM_HAS() first, so that a module built
 * against a newer header still runs, without the newer calls, in an older worker.
 */
struct tm_functions {
    size_t size; /* of this table as the worker knows it, in bytes */
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
};

/* The part of a job that the inline functions read; the worker's own fields follow it. */
struct tm_job {
    const struct tm_functions *functions;
    const uint64_t *stop_word; /* in a page shared with the master */
    uint64_t stop_value;       /* the job is to stop when *stop_word equals this */
};

struct tm_host {
    const struct tm_functions *functions;
};

#define TM_HAS(object, member)    \
    ((object)->functions->size >= \
     offsetof(struct tm_functions, member) + sizeof((object)->functions->member))

/*
 * The job's payload and its length in bytes (0 to the master's payload-max). Never NULL; a NUL that
 * is not counted follows the last byte. Borrowed, valid until run() returns. `len` may be NULL.
 */
static inline TM_UNUSED const char *tm_job_data(tm_job *job, size_t *len)
{
    return job->functions->data(job, len);
}

/* The server's id of the job ("k3f9-17"), as it stands in events and in the log. Borrowed, valid
 * until run() returns. */
static inline TM_UNUSED const char *tm_job_id(tm_job *job)
{
    return job->functions->id(job);
}

/*
 * Milliseconds until the job's time limit: 0 when it has passed, -1 when the job has none. After
 * the limit the master stops the job: the stop flag at once, SIGTERM at half of kill-grace-ms,
 * SIGKILL at kill-grace-ms.
 */
static inline TM_UNUSED int64_t tm_job_time_left_ms(tm_job *job)
{
    return job->functions->time_left_ms(job);
}

/*
 * True once the job was cancelled or ran into its time limit: the module should give up and return.
 * One read of shared memory, cheap enough for a tight loop. May be called on any thread while run()
 * is on the job.
 */
static inline TM_UNUSED int tm_should_stop(const tm_job *job)
{
    return __atomic_load_n(job->stop_word, __ATOMIC_RELAXED) == job->stop_value;
}

/*
 * Adds `len` bytes (copied) to the job's result; may be called repeatedly, the pieces add up. 0, or
 * -1 when the result would exceed payload-max: the job then fails with reason too-large, whatever
 * follows, unless tm_fail() had failed it before. What was replied to a job that fails goes along
 * with the failure as its details.
 */
static inline TM_UNUSED int tm_reply(tm_job *job, const void *data, size_t len)
{
    return job->functions->reply(job, data, len);
}

/*
 * Sends a piece of the result now, ahead of what tm_reply() gathers, to a submitter that asked for
 * parts; for any other it is the same as tm_reply(). This release's protocol has no part event yet,
 * so here it always is.
 */
static inline TM_UNUSED int tm_part(tm_job *job, const void *data, size_t len)
{
    return job->functions->part(job, data, len);
}

/*
 * Reports progress: a fraction from 0 to 1 and a message in printf form. May be thinned out or
 * dropped. This release's protocol has no progress event yet, so here it always is dropped.
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
 * 1,024 bytes, control characters escaped. What a module prints on stdout or stderr gets there as
 * well, line by line, as level info. stdout is line-buffered: an unfinished line goes out when
 * run() returns, and is lost if the process dies before; stderr is not buffered. The last 2 KiB of
 * all this during the job are in the failed event of a crash, as `output`.
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
 * [a-z0-9-]; anything else is replaced by `bad-code`) and message (printf form, cut at 512 bytes).
 * The first call wins and nothing undoes it. Always returns -1, so that `return tm_fail(job, ...)`
 * reads well.
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

/* In init(): one line to the master's log, tagged with the worker. */
TM_PRINTF(3, 4)
static inline TM_UNUSED void tm_host_log(const tm_host *host, tm_level level, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    host->functions->host_log(host, level, fmt, args);
    va_end(args);
}

/*
 * In init(): says why the module cannot work (printf form, cut at 512 bytes); init() then returns
 * the -1 that this returns. The job that asked for the module goes to another worker, and this one
 * is replaced. When a fresh one refuses as well, the jobs fail with reason unavailable and these
 * words, which the log has as well (module-unavailable), for some seconds until it is tried again.
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

/* The descriptor. Fields are only ever appended; those that a module leaves out are zero. */
typedef struct tm_descriptor {
    uint32_t abi;                /* TM_ABI, filled in by TM_MODULE */
    uint32_t size;               /* of this struct in bytes, filled in by TM_MODULE */
    const char *name;            /* required; the file's name without .so */
    const char *version TM_ZERO; /* the module's own, any text; optional */

    /* Required. Does one job. 0: done, with what was replied; else failed, code run-failed unless
     * tm_fail() said more. */
    int (*run)(tm_job *job);

    /* Optional. Once per process, before the first job. `config`: the module's settings as JSON
     * text, "{}" if there are none; borrowed for the call. 0, or -1: the module cannot be used, see
     * tm_host_fail(). */
    int (*init)(const tm_host *host, const char *config) TM_ZERO;

    /* Optional. Once, when the worker ends gracefully; not after a crash or a kill. */
    void (*fini)(void) TM_ZERO;

    /* Optional. Static JSON text: {"help": text, "input": JSON Schema of the payload}, both
     * optional. This release does not call it. */
    const char *(*describe)(void)TM_ZERO;
} tm_descriptor;

/* The size of ABI 1's first release, below which the loader refuses a descriptor. */
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
