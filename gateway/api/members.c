/* members: see members.h. */
#include "gateway/api/members.h"

#include "gateway/api/api.h"
#include "gateway/api/query.h"

#include <stdlib.h>

enum { VALUE_MAX = 256 }; /* bytes of a value that a daemon takes, the NUL included */

void members_open(struct json_writer *json)
{
    json_writer_open(json);
    json->more = true;
}

static void add(struct json_writer *json, const struct api_parameter *row, const char *value)
{
    if (row->kind == API_UINT)
        json_writer_uint(json, row->name, strtoull(value, NULL, 10));
    else
        json_writer_text(json, row->name, value);
}

void members_add_query(struct json_writer *json, struct http_exchange *exchange)
{
    const struct api_parameter *row = api_route_of(exchange)->parameters;
    char value[VALUE_MAX];
    for (; row && row->name; row++)
        if (query_text(exchange, row->name, value, sizeof value))
            add(json, row, value);
}
