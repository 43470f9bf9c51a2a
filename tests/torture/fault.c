/* fault: see fault.h. */
#include "fault.h"

enum { COMMON = 10, SLOW = 4, RARE = 2 };

static const struct {
    const char *name;
    unsigned weight;
} kinds[FAULT_KINDS] = {
    [FAULT_KILL_IDLE] = {"kill-idle", COMMON},
    [FAULT_KILL_BUSY] = {"kill-busy", COMMON},
    [FAULT_KILL_STARTING] = {"kill-starting", COMMON},
    [FAULT_TERM_IDLE] = {"term-idle", COMMON},
    [FAULT_TERM_BUSY] = {"term-busy", COMMON},
    [FAULT_TERM_STARTING] = {"term-starting", COMMON},
    [FAULT_STOP_IDLE] = {"stop-idle", COMMON},
    [FAULT_STOP_BUSY] = {"stop-busy", COMMON},
    [FAULT_STOP_STARTING] = {"stop-starting", COMMON},
    [FAULT_FREEZE_IDLE] = {"freeze-idle", COMMON},
    [FAULT_FREEZE_BUSY] = {"freeze-busy", SLOW},
    [FAULT_FREEZE_STARTING] = {"freeze-starting", SLOW},
    [FAULT_KILL_REQUEST] = {"kill-request", COMMON},
    [FAULT_RECYCLE_WORKER] = {"recycle-worker", COMMON},
    [FAULT_KILL_ALL] = {"kill-all-workers", SLOW},
    [FAULT_DIE_SENDING] = {"die-in-result", COMMON},
    [FAULT_SIGNAL] = {"module-signal", COMMON},
    [FAULT_EXIT] = {"module-exit", COMMON},
    [FAULT_STOP_FLAG] = {"module-stop-flag", COMMON},
    [FAULT_LOOP] = {"module-loop", COMMON},
    [FAULT_LOOP_TERM] = {"module-loop-no-term", COMMON},
    [FAULT_OUTPUT_FLOOD] = {"module-output-flood", COMMON},
    [FAULT_TOO_LARGE] = {"module-too-large", COMMON},
    [FAULT_FAIL] = {"module-fail", COMMON},
    [FAULT_PROGRESS] = {"progress", COMMON},
    [FAULT_PROGRESS_DIE] = {"progress-worker-dies", COMMON},
    [FAULT_CLOSE_FDS] = {"module-close-fds", COMMON},
    [FAULT_MASK] = {"module-mask-signals", COMMON},
    [FAULT_FORK_HOLD] = {"module-fork-hold", COMMON},
    [FAULT_CONSTRUCTOR] = {"constructor-crash", COMMON},
    [FAULT_REFUSED_MODULE] = {"module-refused", COMMON},
    [FAULT_INIT_REFUSES] = {"init-refuses", COMMON},
    [FAULT_INIT_REFUSES_SOME] = {"init-refuses-some", COMMON},
    [FAULT_NO_MODULE] = {"no-module", COMMON},
    [FAULT_CRASH_ROW] = {"crashes-in-a-row", COMMON},
    [FAULT_CRASH_LOOP] = {"crash-loop", SLOW},
    [FAULT_CRASH_BEHIND] = {"crash-behind-results", COMMON},
    [FAULT_RESET] = {"client-reset", COMMON},
    [FAULT_CLOSE] = {"client-close", COMMON},
    [FAULT_HALF_CLOSE] = {"client-half-close", COMMON},
    [FAULT_LINK_HALF_CLOSE] = {"link-half-close", COMMON},
    [FAULT_STOP_READING] = {"client-stops-reading", SLOW},
    [FAULT_READ_LATE] = {"client-reads-late", COMMON},
    [FAULT_READ_SLOWLY] = {"client-reads-slowly", SLOW},
    [FAULT_HALF_HEADER] = {"half-header", COMMON},
    [FAULT_HALF_PAYLOAD] = {"half-payload", COMMON},
    [FAULT_SLOW_HEADER] = {"slow-header", SLOW},
    [FAULT_SLOW_PAYLOAD] = {"slow-payload", SLOW},
    [FAULT_SILENCE] = {"client-silence", SLOW},
    [FAULT_TRICKLE] = {"client-trickle", COMMON},
    [FAULT_STREAM] = {"stream", COMMON},
    [FAULT_STREAM_DIE] = {"stream-worker-dies", COMMON},
    [FAULT_STREAM_STOP] = {"stream-stopped", COMMON},
    [FAULT_STREAM_LEAVE] = {"stream-client-leaves", COMMON},
    [FAULT_STREAM_SLOWLY] = {"stream-read-slowly", SLOW},
    [FAULT_STREAM_STALL] = {"stream-reader-stalls", SLOW},
    [FAULT_STREAM_PAUSE] = {"stream-reader-pauses", COMMON},
    [FAULT_SERVICE_COME] = {"service-comes", COMMON},
    [FAULT_SERVICE_FIGHT] = {"services-fight", COMMON},
    [FAULT_SERVICE_DEAF] = {"service-reads-late", SLOW},
    [FAULT_MONITOR_WORKERS] = {"monitor-workers", COMMON},
    [FAULT_LOOK] = {"look-at-everything", COMMON},
    [FAULT_SELECT] = {"cancel-many", SLOW},
    [FAULT_WATCH] = {"watch", COMMON},
    [FAULT_WATCH_DEAF] = {"watch-deaf", SLOW},
    [FAULT_GARBAGE] = {"client-garbage", COMMON},
    [FAULT_HEADER_TOO_LONG] = {"header-too-long", COMMON},
    [FAULT_PAYLOAD_TOO_LARGE] = {"payload-too-large", COMMON},
    [FAULT_WRONG_SUBMITS] = {"wrong-submits", COMMON},
    [FAULT_DUPLICATE_ID] = {"duplicate-id", COMMON},
    [FAULT_SUBMIT_FLOOD] = {"submit-flood", COMMON},
    [FAULT_PING_FLOOD] = {"ping-flood", COMMON},
    [FAULT_CONNECT_STORM] = {"connect-storm", COMMON},
    [FAULT_TOO_MANY_CLIENTS] = {"too-many-clients", RARE},
    [FAULT_SILENT_CROWD] = {"silent-crowd", SLOW},
    [FAULT_CANCEL_RACE] = {"cancel-race", COMMON},
    [FAULT_KILL_RACE] = {"kill-race", COMMON},
    [FAULT_CANCEL_WAITING] = {"cancel-waiting", COMMON},
    [FAULT_TIMEOUT_RACE] = {"timeout-race", COMMON},
    [FAULT_OTHER_SIGNALS] = {"other-signals", COMMON},
    [FAULT_HUP_ROW] = {"hup-row", COMMON},
    [FAULT_HUP_LIMITS] = {"hup-limits", COMMON},
    [FAULT_HUP_POOLS] = {"hup-pools", COMMON},
    [FAULT_HUP_BAD_CONFIG] = {"hup-bad-config", COMMON},
    [FAULT_NO_WORKER_BINARY] = {"no-worker-binary", RARE},
    [FAULT_FEW_FILES] = {"few-files", SLOW},
    [FAULT_STRANGER_GARBAGE] = {"stranger-garbage", COMMON},
    [FAULT_STRANGER_SILENCE] = {"stranger-silence", SLOW},
    [FAULT_STRANGER_TOKEN] = {"stranger-token", COMMON},
    [FAULT_MASTER_STOP] = {"master-stop", RARE},
    [FAULT_MASTER_KILL] = {"master-kill", RARE},
    [FAULT_MASTER_DRAIN] = {"master-drain", RARE},
    [FAULT_PAUSE] = {"pause", COMMON},
    [FAULT_RESIZE] = {"resize", COMMON},
    [FAULT_RECYCLE] = {"recycle", COMMON},
    [FAULT_LOG_LEVEL] = {"log-level", COMMON},
    [FAULT_RELOAD_REQUEST] = {"reload-request", COMMON},
    [FAULT_DRAIN_REQUEST] = {"drain-request", RARE},
};

const char *fault_name(enum fault_kind kind)
{
    return kinds[kind].name;
}

enum fault_kind fault_draw(struct rng *rng)
{
    uint64_t total = 0;
    int kind = 0;
    for (int i = 0; i < FAULT_KINDS; i++)
        total += kinds[i].weight;
    uint64_t at = rng_below(rng, total);
    for (; at >= kinds[kind].weight; kind++)
        at -= kinds[kind].weight;
    return (enum fault_kind)kind;
}
