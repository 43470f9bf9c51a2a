/* fault: the kinds of disaster, their names, and how often each is drawn. */
#ifndef TORTURE_FAULT_H
#define TORTURE_FAULT_H

#include "random.h"

enum fault_kind {
    /* workers, from outside */
    FAULT_KILL_IDLE,
    FAULT_KILL_BUSY,
    FAULT_KILL_STARTING,
    FAULT_TERM_IDLE,
    FAULT_TERM_BUSY,
    FAULT_TERM_STARTING,
    FAULT_STOP_IDLE,
    FAULT_STOP_BUSY,
    FAULT_STOP_STARTING,
    FAULT_FREEZE_IDLE, /* stopped for so long that the worker is dead */
    FAULT_FREEZE_BUSY,
    FAULT_FREEZE_STARTING,
    FAULT_KILL_REQUEST, /* by the operator */
    FAULT_RECYCLE_WORKER,
    FAULT_KILL_ALL,
    /* modules */
    FAULT_DIE_SENDING,
    FAULT_SIGNAL,
    FAULT_EXIT,
    FAULT_STOP_FLAG,
    FAULT_LOOP,
    FAULT_LOOP_TERM,
    FAULT_OUTPUT_FLOOD,
    FAULT_TOO_LARGE,
    FAULT_FAIL,
    FAULT_PROGRESS,     /* jobs report progress, in plenty */
    FAULT_PROGRESS_DIE, /* their workers die behind the last report */
    FAULT_CLOSE_FDS,
    FAULT_MASK,
    FAULT_FORK_HOLD,
    FAULT_CONSTRUCTOR,
    FAULT_REFUSED_MODULE,
    FAULT_INIT_REFUSES,
    FAULT_INIT_REFUSES_SOME,
    FAULT_NO_MODULE,
    FAULT_CRASH_ROW,
    FAULT_CRASH_LOOP,
    FAULT_CRASH_BEHIND,
    /* clients */
    FAULT_RESET,
    FAULT_CLOSE,
    FAULT_HALF_CLOSE,
    FAULT_LINK_HALF_CLOSE,
    FAULT_STOP_READING,
    FAULT_READ_LATE,
    FAULT_READ_SLOWLY,
    FAULT_HALF_HEADER,
    FAULT_HALF_PAYLOAD,
    FAULT_SLOW_HEADER,
    FAULT_SLOW_PAYLOAD,
    FAULT_SILENCE,
    FAULT_TRICKLE,
    FAULT_STREAM,          /* large streams */
    FAULT_STREAM_DIE,      /* their workers die amid */
    FAULT_STREAM_STOP,     /* they are cancelled or killed amid */
    FAULT_STREAM_LEAVE,    /* their client goes amid */
    FAULT_STREAM_SLOWLY,   /* it reads slowly */
    FAULT_STREAM_STALL,    /* it reads nothing until they end for that, */
    FAULT_STREAM_PAUSE,    /* ... or almost */
    FAULT_SERVICE_COME,    /* owners of services come, and go in all ways */
    FAULT_SERVICE_FIGHT,   /* two of them want the same names */
    FAULT_SERVICE_DEAF,    /* an owner stops reading for a while */
    FAULT_MONITOR_WORKERS, /* all of them */
    FAULT_LOOK,            /* requests about everything */
    FAULT_SELECT,          /* all jobs of a module are cancelled */
    FAULT_WATCH,
    FAULT_WATCH_DEAF, /* a watcher reads nothing for a while */
    FAULT_GARBAGE,
    FAULT_HEADER_TOO_LONG,
    FAULT_PAYLOAD_TOO_LARGE,
    FAULT_WRONG_SUBMITS,
    FAULT_DUPLICATE_ID,
    FAULT_SUBMIT_FLOOD,
    FAULT_PING_FLOOD,
    FAULT_CONNECT_STORM,
    FAULT_TOO_MANY_CLIENTS,
    FAULT_SILENT_CROWD,
    /* stops in a race with the end */
    FAULT_CANCEL_RACE,
    FAULT_KILL_RACE,
    FAULT_CANCEL_WAITING,
    FAULT_TIMEOUT_RACE,
    /* the master and its surroundings */
    FAULT_OTHER_SIGNALS,
    FAULT_HUP_ROW,
    FAULT_HUP_LIMITS,
    FAULT_HUP_POOLS, /* pools come and go, modules move */
    FAULT_HUP_BAD_CONFIG,
    FAULT_NO_WORKER_BINARY,
    FAULT_FEW_FILES,
    FAULT_STRANGER_GARBAGE,
    FAULT_STRANGER_SILENCE,
    FAULT_STRANGER_TOKEN,
    FAULT_MASTER_STOP,
    FAULT_MASTER_KILL,
    FAULT_MASTER_DRAIN,
    /* the operator's requests */
    FAULT_PAUSE,
    FAULT_RESIZE,
    FAULT_RECYCLE,
    FAULT_LOG_LEVEL,
    FAULT_RELOAD_REQUEST,
    FAULT_DRAIN_REQUEST,
    FAULT_KINDS
};

const char *fault_name(enum fault_kind kind);

/* Draws by weight: faults that end or stop the daemon are rarer. */
enum fault_kind fault_draw(struct rng *rng);

#endif
