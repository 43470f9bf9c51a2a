/* query: see query.h. */
#include "gateway/api/query.h"

#include "gateway/api/api.h"
#include "gateway/api/parameter.h"
#include "gateway/http/problem.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static size_t piece_len(const char *text, const char *end_chars)
{
    return strcspn(text, end_chars);
}

bool query_next(const char **at, struct query_item *item)
{
    while (*at && **at == '&')
        ++*at;
    if (!*at || !**at)
        return false;
    *item = (struct query_item){.name = *at, .name_len = piece_len(*at, "=&")};
    *at += item->name_len;
    item->value = *at;
    if (**at == '=') {
        item->value = *at + 1;
        item->value_len = piece_len(item->value, "&");
        *at = item->value + item->value_len;
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte behind a percent; 0: there is none. */
static int percent(const char *text, size_t len)
{
    if (len < 3 || hex_digit(text[1]) < 0 || hex_digit(text[2]) < 0)
        return 0;
    return hex_digit(text[1]) * 16 + hex_digit(text[2]);
}

/* The next byte, and how many bytes stand for it; 0: the text is broken. */
static int decode_byte(const char *text, size_t len, size_t *taken)
{
    *taken = *text == '%' ? 3 : 1;
    if (*text == '%')
        return percent(text, len);
    return *text == '+' ? ' ' : (unsigned char)*text;
}

int query_decode(const char *text, size_t len, char *to, size_t size)
{
    size_t out = 0, taken;
    for (size_t i = 0; i < len; i += taken) {
        int byte = decode_byte(text + i, len - i, &taken);
        if (!byte || out + 1 >= size)
            return -1;
        to[out++] = (char)byte;
    }
    to[out] = '\0';
    return (int)out;
}

const struct api_parameter *query_row(const struct api_parameter *rows,
                                      const struct query_item *item)
{
    char name[QUERY_NAME_MAX + 1];
    if (!rows || query_decode(item->name, item->name_len, name, sizeof name) < 0)
        return NULL;
    for (; rows->name; rows++)
        if (strcmp(rows->name, name) == 0)
            return rows;
    return NULL;
}

/* "module, timeout_ms": the names of all rows. */
static void list_names(const struct api_parameter *rows, char *text, size_t size)
{
    size_t len = 0;
    snprintf(text, size, "none");
    for (; rows && rows->name && len < size; rows++)
        len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "", rows->name);
}

static void refuse_unknown(struct http_exchange *exchange, const struct api_parameter *rows,
                           const struct query_item *item)
{
    char names[512];
    list_names(rows, names, sizeof names);
    http_refuse(exchange, 400, "bad-request",
                "parameter \"%.*s\" is unknown; this request takes: %s",
                (int)(item->name_len < QUERY_NAME_MAX ? item->name_len : QUERY_NAME_MAX),
                item->name, names);
}

static bool check_value(struct http_exchange *exchange, const struct api_parameter *row,
                        const struct query_item *item)
{
    char value[1024], expected[PARAMETER_EXPECTED_MAX];
    if (query_decode(item->value, item->value_len, value, sizeof value) < 0)
        http_refuse(exchange, 400, "bad-request",
                    "parameter %s is too long, or its percent-encoding is broken", row->name);
    else if (!parameter_permits(row, value, expected))
        http_refuse(exchange, 400, "bad-request", "parameter %s is \"%.100s\"; expected %s",
                    row->name, value, expected);
    else
        return true;
    return false;
}

bool query_check(struct http_exchange *exchange, const struct api_parameter *rows)
{
    const char *at = http_request(exchange)->query;
    struct query_item item;
    uint64_t seen = 0; /* a bit for each row */
    while (query_next(&at, &item)) {
        const struct api_parameter *row = query_row(rows, &item);
        if (!row) {
            refuse_unknown(exchange, rows, &item);
            return false;
        }
        if (!check_value(exchange, row, &item))
            return false;
        uint64_t bit = UINT64_C(1) << (row - rows);
        if (seen & bit) {
            http_refuse(exchange, 400, "bad-request", "parameter %s is given twice", row->name);
            return false;
        }
        seen |= bit;
    }
    return true;
}

static bool find(struct http_exchange *exchange, const char *name, struct query_item *item)
{
    const struct api_parameter rows[] = {{.name = name}, {.name = NULL}};
    const char *at = http_request(exchange)->query;
    while (query_next(&at, item))
        if (query_row(rows, item))
            return true;
    return false;
}

bool query_text(struct http_exchange *exchange, const char *name, char *to, size_t size)
{
    struct query_item item;
    return find(exchange, name, &item) && query_decode(item.value, item.value_len, to, size) >= 0;
}

bool query_has(struct http_exchange *exchange, const char *name)
{
    struct query_item item;
    return find(exchange, name, &item);
}
