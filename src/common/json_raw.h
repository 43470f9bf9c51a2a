/*
 * json_raw: finds the exact text of a value in a valid JSON text. jansson keeps only values: 1.10
 * would come back as 1.1000000000000001, and "\u0061" as "a".
 *
 * The caller must have had jansson accept the text before. In a valid text, the functions step from
 * quote to quote and from bracket to bracket, without a terminator; the text holds no NUL. The
 * functions are inline, because the server and the library share no object.
 */
#ifndef TASKMASTER_COMMON_JSON_RAW_H
#define TASKMASTER_COMMON_JSON_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool json_raw_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline const char *json_raw_skip_space(const char *at)
{
    while (json_raw_is_space(*at))
        at++;
    return at;
}

/* Steps from the opening quote to behind the closing quote. */
static inline const char *json_raw_skip_string(const char *at)
{
    for (at++; *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at + 1;
}

/* Steps from a member's value to the comma or brace behind the value. */
static inline const char *json_raw_skip_value(const char *at)
{
    int depth = 0;
    while (depth > 0 || (*at != ',' && *at != '}')) {
        if (*at == '"') {
            at = json_raw_skip_string(at);
            continue;
        }
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        at++;
    }
    return at;
}

static inline int json_raw_hex_digit(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* True if the key with its opening quote at `at` is `name`. `name` has ASCII letters and
 * underscores; the key may have them as \uXXXX. */
static inline bool json_raw_key_is(const char *at, const char *name)
{
    for (at++; *name; name++) {
        char c = *at++;
        if (c == '\\') {
            if (at[0] != 'u' || at[1] != '0' || at[2] != '0')
                return false;
            c = (char)(json_raw_hex_digit(at[3]) << 4 | json_raw_hex_digit(at[4]));
            at += 5;
        }
        if (c != *name)
            return false;
    }
    return *at == '"';
}

/* Returns the start of the key's value in `object`, or NULL if there is no such key. `*end` gets
 * the position of the comma or brace behind the value and its blanks. */
static inline const char *json_raw_value(const char *object, const char *key, const char **end)
{
    const char *at = json_raw_skip_space(json_raw_skip_space(object) + 1);
    while (*at == '"') {
        bool found = json_raw_key_is(at, key);
        const char *value = json_raw_skip_space(json_raw_skip_space(json_raw_skip_string(at)) + 1);
        *end = json_raw_skip_value(value);
        if (found)
            return value;
        if (**end != ',')
            break;
        at = json_raw_skip_space(*end + 1);
    }
    return NULL;
}

/* Returns the depth of nesting; a value other than a list or an object has depth 0. */
static inline size_t json_raw_depth(const char *text, size_t len)
{
    size_t depth = 0, most = 0;
    const char *end = text + len;
    while (text < end) {
        if (*text == '"') {
            text = json_raw_skip_string(text);
            continue;
        }
        if (*text == '{' || *text == '[')
            depth++;
        if (*text == '}' || *text == ']')
            depth--;
        if (depth > most)
            most = depth;
        text++;
    }
    return most;
}

/* Copies a text without the blanks between its tokens, at most `room` bytes. Returns the full
 * length, even if it exceeds `room`. `to` may be NULL. */
static inline size_t json_raw_compact(const char *from, const char *end, char *to, size_t room)
{
    size_t len = 0;
    while (from < end) {
        const char *next = *from == '"' ? json_raw_skip_string(from) : from + 1;
        size_t n = (size_t)(next - from);
        if (!json_raw_is_space(*from)) {
            if (to && len < room)
                memcpy(to + len, from, n < room - len ? n : room - len);
            len += n;
        }
        from = next;
    }
    return len;
}

/* Reads an integer of digits only; returns false for any other value. An integer beyond 64 bits
 * becomes UINT64_MAX. */
static inline bool json_raw_digits(const char *at, uint64_t *value)
{
    const char *start = at;
    for (*value = 0; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        *value = *value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *value * 10 + digit;
    }
    return at > start && *at != '.' && *at != 'e' && *at != 'E';
}

#endif
