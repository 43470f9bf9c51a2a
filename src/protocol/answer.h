/* answer: events answering a request at once. */
#ifndef TASKMASTER_PROTOCOL_ANSWER_H
#define TASKMASTER_PROTOCOL_ANSWER_H

#include "protocol/dialogue.h"
#include "protocol/event_writer.h"

/* Begins an event with the request's id. */
void answer_begin(struct event_writer *event, const struct dialogue *dialogue,
                  const struct request *request, const char *name);

/* Begins an "ok", with the request's op. */
void answer_begin_ok(struct event_writer *event, const struct dialogue *dialogue,
                     const struct request *request);

/* Writes an "ok" without fields of its own. */
void answer_ok(const struct dialogue *dialogue, const struct request *request);

/* Writes an event with a payload, named as the request. The text is copied. */
void answer_text(const struct dialogue *dialogue, const struct request *request, const char *text);

/* Likewise a page of a list. `after` is the place of the next page; NULL: this is the last one. */
void answer_page(const struct dialogue *dialogue, const struct request *request, const char *after,
                 const char *text);

#endif
