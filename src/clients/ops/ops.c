/* ops: see ops.h. */
#include "clients/ops/ops.h"

#include "protocol/ping.h"

const struct operation *const client_ops[] = {
    &client_op_hello,  &client_op_submit, &client_op_set,
    &ping_operation,   &client_op_stats,  &client_op_workers,
    &client_op_cancel, &client_op_kill,   NULL,
};

struct client_request client_ops_request;
