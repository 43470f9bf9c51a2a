/* status: the phrases of HTTP's statuses (RFC 9110, section 15). */
#ifndef TASKMASTER_GATEWAY_HTTP_STATUS_H
#define TASKMASTER_GATEWAY_HTTP_STATUS_H

/* "Not Found"; "Unknown" for a status that nobody here uses. */
const char *http_status_phrase(unsigned status);

#endif
