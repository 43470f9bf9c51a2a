/* ops: see ops.h. */
#include "queue/clients/ops/ops.h"

#include "protocol/ping.h"

#define ENTRY(name) &queue_op_##name,

const struct operation *const queue_ops[] = {
    &ping_operation,  &peer_op_set,       &peer_op_bye,          &peer_op_clients,
    &peer_op_unwatch, &peer_op_demonitor, &peer_op_reload,       &peer_op_reopen,
    &peer_op_drain,   &peer_op_log_level, QUEUE_OPS(ENTRY) NULL,
};

struct queue_request queue_ops_request;
