/*
 * request_scan: the short way for the request that a busy server reads most, a submit in plain
 * letters.
 *
 * It reads {"op":"submit","id":17,"module":"echo","size":16}, the fields in any order, blanks
 * between them, nothing else, at a tenth of what the general way costs. It may only accept a header
 * or hand it over to the general way, never refuse one, and what it accepts it must read as the
 * general way would: tests/unit/test_request.c holds the two equal.
 */
#ifndef TASKMASTER_PROTOCOL_REQUEST_SCAN_H
#define TASKMASTER_PROTOCOL_REQUEST_SCAN_H

#include "protocol/request.h"

/* True if `request`, which has been cleared, was filled in; false, and it is as it was but for its
 * texts. */
bool request_scan(struct request *request, const char *line, size_t len, uint64_t payload_max);

#endif
