/*
 * submit_scan: the short way for the request that a busy server reads most, a submit in plain
 * letters: {"op":"submit","id":17,"module":"echo","size":16}, the fields in any order, with blanks.
 *
 * This costs a tenth of the general way. The scan may only accept a header or leave it to the
 * general way, never refuse one. A header that it accepts it must read as the general way would:
 * tests/unit/protocol/test_request.c compares the two.
 */
#ifndef TASKMASTER_CLIENTS_OPS_SUBMIT_SCAN_H
#define TASKMASTER_CLIENTS_OPS_SUBMIT_SCAN_H

#include "protocol/request.h"

/* Fills in a client_request that is clear. False: leave the header to the general way. The request
 * may be filled in part. */
bool submit_scan(struct request *request, const char *line, size_t len, uint64_t payload_max);

#endif
