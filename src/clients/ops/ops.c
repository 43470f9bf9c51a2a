/* ops: see ops.h. */
#include "clients/ops/ops.h"

#include "protocol/ping.h"

#define ENTRY(folder, name) &folder##_op_##name,

const struct operation *const client_ops[] = {&ping_operation, CLIENT_OPS(ENTRY) NULL};

struct client_request client_ops_request;
