/* taskmaster_event: see taskmaster_event.h. */
#include "taskmaster_event.h"

#include <string.h>

/* The number behind `key`. The key is spelled like the server's, without blanks. */
static uint64_t number_of(const struct taskmaster_event *event, const char *key, size_t key_len,
                          uint64_t without)
{
    const char *end = event->header + event->header_len;
    const char *at = memmem(event->header, event->header_len, key, key_len);
    if (!at)
        return without;
    uint64_t number = 0;
    for (at += key_len; at < end && *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (uint64_t)(*at - '0');
    return number;
}

#define NUMBER_OF(event, key, without) number_of(event, key, sizeof(key) - 1, without)

bool taskmaster_event_next(struct stream *stream, struct taskmaster_event *event)
{
    event->header = stream_data(stream);
    event->header_len = stream_line(stream);
    if (!event->header_len)
        return false;
    event->size = NUMBER_OF(event, "\"size\":", 0);
    if (stream_len(stream) - event->header_len < event->size)
        return false;
    event->data = event->header + event->header_len;
    event->id = NUMBER_OF(event, "\"id\":", UINT64_MAX);
    stream_consume(stream, event->header_len + event->size);
    return true;
}

bool taskmaster_event_is(const struct taskmaster_event *event, const char *name)
{
    static const char key[] = "{\"event\":\"";
    size_t len = strlen(name);
    return event->header_len > sizeof key + len && !memcmp(event->header, key, sizeof key - 1) &&
           !memcmp(event->header + sizeof key - 1, name, len) &&
           event->header[sizeof key - 1 + len] == '"';
}
