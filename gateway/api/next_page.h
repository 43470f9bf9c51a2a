/* next_page: where a list goes on (RFC 8288). */
#ifndef TASKMASTER_GATEWAY_API_NEXT_PAGE_H
#define TASKMASTER_GATEWAY_API_NEXT_PAGE_H

struct http_exchange;

/* Adds a header Link with rel="next": the same request, from the place `after` on. */
void next_page_link(struct http_exchange *exchange, const char *after);

#endif
