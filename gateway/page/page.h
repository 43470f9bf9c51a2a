/*
 * page: the operator's page, as files of a web server. It is the same for everybody, so nobody
 * needs a token for it: its requests to the API have one.
 */
#ifndef TASKMASTER_GATEWAY_PAGE_PAGE_H
#define TASKMASTER_GATEWAY_PAGE_PAGE_H

struct http_exchange;

/* Answers with a file of app/ by its name, or with 404. */
void page_respond(struct http_exchange *exchange, const char *name);

#endif
