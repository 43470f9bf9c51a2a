/* ping: answered at once, whatever else goes on. */
#ifndef TASKMASTER_PROTOCOL_PING_H
#define TASKMASTER_PROTOCOL_PING_H

#include "protocol/operation.h"

extern const struct operation ping_operation;

#endif
