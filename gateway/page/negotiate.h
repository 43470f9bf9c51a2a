/* negotiate: headers by which a client says what it has and takes (RFC 9110, sections 12.5.3 and
 * 13.1.2). */
#ifndef TASKMASTER_GATEWAY_PAGE_NEGOTIATE_H
#define TASKMASTER_GATEWAY_PAGE_NEGOTIATE_H

#include <stdbool.h>

/* Accept-Encoding: gzip is named, or `*` is and gzip is not, with a weight over 0. */
bool negotiate_takes_gzip(const char *encodings);

/* If-None-Match: the list has this tag, weak or not, or is `*`. */
bool negotiate_has_tag(const char *tags, const char *tag);

#endif
