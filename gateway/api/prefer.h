/* prefer: the header Prefer (RFC 7240): does the client want its answer later? */
#ifndef TASKMASTER_GATEWAY_API_PREFER_H
#define TASKMASTER_GATEWAY_API_PREFER_H

#include <stdbool.h>
#include <stdint.h>

struct prefer {
    bool respond_async;
    bool has_wait;
    uint64_t wait_ms; /* how long the client waits for the outcome; 0 without a wait */
};

/* Reads the value; NULL is fine. Unknown and broken preferences are left out, as the RFC has it. */
struct prefer prefer_read(const char *value);

/* Seconds in digits, as milliseconds that a daemon takes. False: no number. */
bool prefer_seconds(const char *text, uint64_t *ms);

#endif
