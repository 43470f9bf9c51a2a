/* next_page: see next_page.h. */
#include "gateway/api/next_page.h"

#include "common/xmalloc.h"
#include "gateway/api/query.h"
#include "gateway/http/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies a part of the query; brackets would end the target. Returns the end of the copy. */
static char *copy(char *to, const char *text, size_t len)
{
    for (; len; text++, len--) {
        if (*text == '<' || *text == '>')
            to += sprintf(to, "%%%02X", (unsigned)*text);
        else
            *to++ = *text;
    }
    return to;
}

static char *copy_item(char *to, const struct query_item *item)
{
    to = copy(to, item->name, item->name_len);
    *to++ = '=';
    to = copy(to, item->value, item->value_len);
    *to++ = '&';
    return to;
}

static bool is_place(const struct query_item *item)
{
    return item->name_len == strlen("after") && memcmp(item->name, "after", item->name_len) == 0;
}

void next_page_link(struct http_exchange *exchange, const char *after)
{
    const struct http_request *request = http_request(exchange);
    const char *at = request->query;
    size_t most = strlen(request->path) + 3 * (at ? strlen(at) : 0) + strlen(after) + 64;
    struct query_item item;
    char *text = xmalloc(most), *to = text + sprintf(text, "<%s?", request->path);
    while (query_next(&at, &item))
        if (!is_place(&item))
            to = copy_item(to, &item);
    sprintf(to, "after=%s>; rel=\"next\"", after);
    http_header(exchange, "Link", text);
    free(text);
}
