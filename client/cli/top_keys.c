/* top_keys: see top_keys.h. */
#include "top_keys.h"

#include <string.h>

static const struct {
    const char *sequence; /* behind ESC */
    enum top_key key;
} sequences[] = {
    {"[A", TOP_KEY_UP},         {"[B", TOP_KEY_DOWN},     {"[C", TOP_KEY_RIGHT},
    {"[D", TOP_KEY_LEFT},       {"OA", TOP_KEY_UP},       {"OB", TOP_KEY_DOWN},
    {"OC", TOP_KEY_RIGHT},      {"OD", TOP_KEY_LEFT},     {"[5~", TOP_KEY_PAGE_UP},
    {"[6~", TOP_KEY_PAGE_DOWN}, {"[H", TOP_KEY_HOME},     {"[F", TOP_KEY_END},
    {"[1~", TOP_KEY_HOME},      {"[4~", TOP_KEY_END},     {"OH", TOP_KEY_HOME},
    {"OF", TOP_KEY_END},        {"[Z", TOP_KEY_BACK_TAB},
};

/* The length of an unknown sequence: up to its last byte, '@' to '~'. */
static size_t skip_sequence(const char *bytes, size_t len)
{
    size_t at = 1;
    if (bytes[0] != '[' && bytes[0] != 'O')
        return 0;
    while (at < len && (bytes[at] < '@' || bytes[at] > '~'))
        at++;
    return at < len ? at + 1 : len;
}

/* `bytes`: behind ESC. `*used` gets the length of the sequence. */
static enum top_key take_sequence(const char *bytes, size_t len, size_t *used)
{
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
        *used = strlen(sequences[i].sequence);
        if (*used <= len && memcmp(bytes, sequences[i].sequence, *used) == 0)
            return sequences[i].key;
    }
    *used = len > 0 ? skip_sequence(bytes, len) : 0;
    return *used ? TOP_KEY_NONE : TOP_KEY_ESCAPE;
}

static enum top_key plain_key(unsigned char byte)
{
    if (byte == '\r')
        return TOP_KEY_ENTER;
    if (byte == '\b')
        return TOP_KEY_BACKSPACE;
    return byte < 128 ? (enum top_key)byte : TOP_KEY_NONE;
}

enum top_key top_keys_take(const char **bytes, size_t *len)
{
    size_t used = 0;
    unsigned char first = (unsigned char)**bytes;
    enum top_key key =
        first == TOP_KEY_ESCAPE ? take_sequence(*bytes + 1, *len - 1, &used) : plain_key(first);
    *bytes += 1 + used;
    *len -= 1 + used;
    return key;
}
