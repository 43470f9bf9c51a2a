/* job_spec: see job_spec.h. */
#include "job_spec.h"

#include "pattern.h"

#include <signal.h>

enum { KIB = 1024, STREAM_MAX = 8 << 20 /* bytes */, REPORTS_MAX = 300 };

const char *const module_names[MODULES] = {
    [MODULE_FIRST] = "torture",       [MODULE_SECOND] = "torture_second",
    [MODULE_THIRD] = "torture_third", [MODULE_FRAIL] = "torture_frail",
    [MODULE_MOODY] = "torture_moody", [MODULE_CONSTRUCTOR] = "constructor_crash",
    [MODULE_BAD_ABI] = "bad_abi",     [MODULE_INIT_FAILS] = "init_fails",
    [MODULE_NOT_THERE] = "not_there",
};

const struct command_info command_table[COMMANDS] = {
    [CMD_HASH] = {"hash", MODULE_FIRST, MAY_BE_DONE},
    [CMD_SLEEP] = {"sleep", MODULE_FIRST, MAY_BE_DONE},
    [CMD_BIG] = {"big", MODULE_FIRST, MAY_BE_DONE},
    [CMD_STREAM] = {"stream", MODULE_FIRST, MAY_BE_DONE},
    [CMD_STREAM_DIE] = {"stream-die", MODULE_FIRST, MAY_BE_DONE | MAY_BE_LOST},
    [CMD_PROGRESS] = {"progress", MODULE_FIRST, MAY_BE_DONE},
    [CMD_PROGRESS_DIE] = {"progress-die", MODULE_FIRST, MAY_BE_LOST},
    [CMD_STOP_FAIL] = {"stop-fail", MODULE_FIRST, 0},
    [CMD_STOP_DONE] = {"stop-done", MODULE_FIRST, MAY_BE_DONE},
    [CMD_TOO_LARGE] = {"too-large", MODULE_FIRST, MAY_BE_TOO_LARGE},
    [CMD_DIE_SENDING] = {"die-sending", MODULE_FIRST, MAY_BE_DONE | MAY_BE_LOST},
    [CMD_SIGNAL] = {"signal", MODULE_FIRST, MAY_BE_LOST},
    [CMD_EXIT] = {"exit", MODULE_FIRST, MAY_BE_LOST},
    [CMD_QUICK_EXIT] = {"quick-exit", MODULE_FIRST, MAY_BE_LOST},
    [CMD_LOOP] = {"loop", MODULE_FIRST, 0},
    [CMD_LOOP_TERM] = {"loop-term", MODULE_FIRST, 0},
    [CMD_FLOOD] = {"flood", MODULE_FIRST, MAY_BE_DONE},
    [CMD_FAIL] = {"fail", MODULE_FIRST, MAY_FAIL},
    [CMD_FAIL_SILENT] = {"fail-silent", MODULE_FIRST, MAY_FAIL},
    [CMD_CLOSE_FDS] = {"close-fds", MODULE_FIRST, MAY_BE_DONE | MAY_BE_LOST},
    [CMD_MASK] = {"mask", MODULE_FIRST, MAY_BE_DONE},
    [CMD_FORK_HOLD] = {"fork-hold", MODULE_FIRST, MAY_BE_LOST},
    [CMD_CONSTRUCTOR] = {"none", MODULE_CONSTRUCTOR, MAY_BE_LOST | MAY_BE_UNAVAILABLE},
    [CMD_REFUSED] = {"none", MODULE_BAD_ABI, MAY_BE_UNAVAILABLE},
    [CMD_INIT_FAILS] = {"none", MODULE_INIT_FAILS, MAY_BE_UNAVAILABLE},
    [CMD_MOODY] = {"sleep", MODULE_MOODY, MAY_BE_DONE | MAY_BE_REFUSED},
    [CMD_NO_MODULE] = {"none", MODULE_NOT_THERE, MAY_BE_UNKNOWN},
};

const char *const service_names[SERVICES] = {"alpha", "beta", "gamma"};

bool job_spec_is_detached(const struct job_spec *spec)
{
    return spec->detach || spec->service;
}

void job_spec_part(struct job_spec *spec, struct rng *rng)
{
    uint64_t dice = rng_below(rng, 1000);
    if (dice < 60 && spec->cancel == CANCEL_NEVER && !job_spec_streams(spec)) {
        spec->service = dice < 40 ? (uint8_t)rng_range(rng, 1, SERVICES) : 0;
        spec->detach = !spec->service;
        spec->max_wait_ms = 0; /* nobody would hear of the end */
        spec->link = spec->notify_accepted = spec->notify_started = spec->notify_progress = false;
    } else if (dice < 100) {
        spec->monitored = spec->notify_accepted = true;
    }
}

bool job_spec_streams(const struct job_spec *spec)
{
    return spec->command == CMD_STREAM || spec->command == CMD_STREAM_DIE;
}

size_t job_spec_result_size(const struct job_spec *spec)
{
    bool more = spec->command == CMD_BIG || spec->command == CMD_DIE_SENDING;
    return PATTERN_HASH_DIGITS + (more ? (size_t)spec->a : 0);
}

static uint32_t draw_filler(struct rng *rng)
{
    uint64_t dice = rng_below(rng, 1000);
    if (dice < 700)
        return (uint32_t)rng_below(rng, 200);
    if (dice < 950)
        return (uint32_t)rng_below(rng, 4 * KIB);
    if (dice < 997)
        return (uint32_t)rng_below(rng, 64 * KIB);
    return (uint32_t)rng_below(rng, 512 * KIB);
}

/* The commands of the first module are known to all four. */
static uint8_t draw_module(enum command command, struct rng *rng)
{
    enum module module = command_table[command].module;
    return (uint8_t)(module == MODULE_FIRST ? rng_below(rng, MODULE_FRAIL) : module);
}

/* Parts of 8 to some 100,000 bytes, a multiple of 8 for the pattern. */
static void draw_stream(struct job_spec *spec, struct rng *rng, uint64_t bytes)
{
    spec->command = CMD_STREAM;
    spec->a = rng_below(rng, bytes);
    spec->b = 8 * rng_range(rng, 1, rng_chance(rng, 500) ? 100 : 12 * KIB);
}

static void draw_work(struct job_spec *spec, struct rng *rng)
{
    uint64_t dice = rng_below(rng, 1000);
    if (dice < 30) {
        spec->command = CMD_SLEEP;
        spec->a = rng_below(rng, 8);
    } else if (dice < 45) {
        draw_stream(spec, rng, 200 * KIB);
    } else if (dice < 80) {
        spec->command = CMD_BIG;
        spec->a = rng_below(rng, dice < 50 ? 900 * KIB : 32 * KIB);
    } else if (dice < 100) {
        spec->command = CMD_PROGRESS;
        spec->a = dice % 10 + 1;
        spec->b = 100;
        spec->notify_progress = dice < 90;
    } else {
        spec->command = CMD_HASH;
    }
}

static void draw_cancel(struct job_spec *spec, struct rng *rng)
{
    if (!rng_chance(rng, 15))
        return;
    spec->cancel = rng_chance(rng, 500) ? CANCEL_AT_ONCE : CANCEL_AT_STARTED;
    spec->kill = rng_chance(rng, 300);
    if (spec->cancel == CANCEL_AT_STARTED)
        spec->notify_started = true;
}

struct job_spec job_spec_common(struct rng *rng)
{
    struct job_spec spec = {
        .filler = draw_filler(rng),
        .link = rng_chance(rng, 50),
        .notify_accepted = rng_chance(rng, 200),
        .notify_started = rng_chance(rng, 200),
        .context = rng_chance(rng, 300),
        .text_id = rng_chance(rng, 500),
        .timeout_ms = rng_chance(rng, 50) ? 20000 : 0,
        .max_wait_ms = rng_chance(rng, 20) ? (uint32_t)rng_range(rng, 1, 2000) : 0,
    };
    draw_work(&spec, rng);
    draw_cancel(&spec, rng);
    spec.module = draw_module(CMD_HASH, rng);
    return spec;
}

static void draw_reports(struct job_spec *spec, struct rng *rng)
{
    spec->a = rng_range(rng, 1, REPORTS_MAX);
    spec->b = rng_below(rng, 1000);
    spec->notify_progress = true;
}

static uint64_t draw_signal(struct rng *rng)
{
    static const int signals[] = {SIGSEGV, SIGABRT, SIGFPE, SIGKILL, SIGTERM, SIGBUS, SIGILL};
    return (uint64_t)signals[rng_below(rng, sizeof signals / sizeof *signals)];
}

struct job_spec job_spec_of(enum command command, struct rng *rng, uint32_t payload_max)
{
    struct job_spec spec = {.command = (uint8_t)command, .filler = 32, .text_id = true};
    spec.notify_started = rng_chance(rng, 500);
    spec.module = draw_module(command, rng);
    if (command == CMD_SLEEP)
        spec.a = rng_below(rng, 50);
    else if (command == CMD_MOODY)
        spec.a = rng_below(rng, 8);
    else if (command == CMD_BIG || command == CMD_DIE_SENDING)
        spec.a = payload_max - 64 * KIB;
    else if (command == CMD_TOO_LARGE)
        spec.a = payload_max;
    else if (command == CMD_SIGNAL)
        spec.a = draw_signal(rng);
    else if (command == CMD_EXIT || command == CMD_QUICK_EXIT)
        spec.a = rng_chance(rng, 500) ? 0 : rng_below(rng, 256);
    else if (command == CMD_FLOOD)
        spec.a = rng_range(rng, 1, 2048 * KIB);
    if (command == CMD_STREAM || command == CMD_STREAM_DIE)
        draw_stream(&spec, rng, STREAM_MAX);
    if (command == CMD_PROGRESS || command == CMD_PROGRESS_DIE)
        draw_reports(&spec, rng);
    spec.command = (uint8_t)command;
    if (command == CMD_DIE_SENDING)
        spec.b = rng_below(rng, 1500);
    if (command == CMD_LOOP || command == CMD_LOOP_TERM || command == CMD_STOP_FAIL ||
        command == CMD_STOP_DONE)
        spec.timeout_ms = (uint32_t)rng_range(rng, 20, 150);
    if ((command == CMD_STOP_FAIL || command == CMD_STOP_DONE) && rng_chance(rng, 500)) {
        spec.soft_timeout_ms = spec.timeout_ms;
        spec.timeout_ms = 20000;
    }
    return spec;
}
