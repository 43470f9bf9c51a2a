/* redis_blob: see redis_blob.h. */
#include "queue/redis/redis_blob.h"

#include "common/digits.h"
#include "common/xmalloc.h"

#include <stdlib.h>

enum { NUMBER_MAX = 21, FIRST_ROOM = 256 };

/* --- writing --- */

static char *room_for(struct redis_blob *blob, size_t len)
{
    if (blob->room - blob->len < len) {
        blob->room = 2 * blob->room + len;
        blob->bytes = xrealloc(blob->bytes, blob->room);
    }
    return blob->bytes + blob->len;
}

void redis_blob_begin(struct redis_blob *blob, uint64_t version)
{
    *blob = (struct redis_blob){.bytes = xmalloc(FIRST_ROOM), .room = FIRST_ROOM};
    redis_blob_number(blob, version);
}

void redis_blob_number(struct redis_blob *blob, uint64_t number)
{
    size_t count = digits_count(number);
    char *at = room_for(blob, NUMBER_MAX);
    digits_write(at, count, number);
    at[count] = ' ';
    blob->len += count + 1;
}

void redis_blob_bytes(struct redis_blob *blob, const void *bytes, size_t len)
{
    memcpy(room_for(blob, len), bytes, len);
    blob->len += len;
}

void redis_blob_text(struct redis_blob *blob, const char *text)
{
    size_t room = text ? strlen(text) + 1 : 0;
    redis_blob_number(blob, room);
    if (text)
        redis_blob_bytes(blob, text, room);
}

void redis_blob_free(struct redis_blob *blob)
{
    free(blob->bytes);
    *blob = (struct redis_blob){0};
}

/* --- reading --- */

struct redis_blob_reader redis_blob_open(const char *bytes, size_t len, uint64_t version)
{
    struct redis_blob_reader reader = {.at = bytes, .end = bytes + len};
    if (redis_blob_read_number(&reader, version) != version)
        reader.is_broken = true;
    return reader;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

uint64_t redis_blob_read_number(struct redis_blob_reader *reader, uint64_t max)
{
    const char *at = reader->at;
    uint64_t value = 0;
    bool fits = true;
    for (; at < reader->end && is_digit(*at); at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        fits = fits && value <= (UINT64_MAX - digit) / 10;
        value = value * 10 + digit;
    }
    if (reader->is_broken || !fits || value > max || at == reader->at || at == reader->end ||
        *at != ' ') {
        reader->is_broken = true;
        return 0;
    }
    reader->at = at + 1;
    return value;
}

const char *redis_blob_read_bytes(struct redis_blob_reader *reader, size_t len)
{
    const char *bytes = reader->at;
    if (reader->is_broken || len > (size_t)(reader->end - reader->at)) {
        reader->is_broken = true;
        return NULL;
    }
    reader->at += len;
    return bytes;
}

const char *redis_blob_read_text(struct redis_blob_reader *reader)
{
    size_t room = redis_blob_read_number(reader, SIZE_MAX);
    const char *text = room ? redis_blob_read_bytes(reader, room) : NULL;
    if (text && memchr(text, '\0', room) != text + room - 1) {
        reader->is_broken = true;
        return NULL;
    }
    return text;
}
