/* page: the operator's page, as files of a web server. */
#include "gateway/page/page.h"

#include "gateway/http/exchange.h"
#include "gateway/http/problem.h"
#include "gateway/page/assets.h"
#include "gateway/page/negotiate.h"

#include <string.h>

static const struct page_asset *find(const char *name)
{
    for (size_t i = 0; i < page_asset_count; i++) {
        if (strcmp(page_assets[i].name, name) == 0)
            return &page_assets[i];
    }
    return NULL;
}

/* Everything is from this server, and nobody may frame it. A browser asks for each file again, and
 * is told 304 unless another release runs. */
static void add_headers(struct http_exchange *exchange, const char *tag)
{
    http_header(exchange, "Content-Security-Policy",
                "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
                "object-src 'none'");
    http_header(exchange, "X-Content-Type-Options", "nosniff");
    http_header(exchange, "X-Frame-Options", "DENY");
    http_header(exchange, "Referrer-Policy", "no-referrer");
    http_header(exchange, "Cross-Origin-Opener-Policy", "same-origin");
    http_header(exchange, "Cross-Origin-Resource-Policy", "same-origin");
    http_header(exchange, "Cache-Control", "no-cache");
    http_header(exchange, "Vary", "Accept-Encoding");
    http_header(exchange, "ETag", tag);
}

static bool is_known(struct http_exchange *exchange, const char *tag)
{
    const char *tags = http_request_header(exchange, "If-None-Match", NULL);
    return tags && negotiate_has_tag(tags, tag);
}

static bool takes_gzip(struct http_exchange *exchange)
{
    const char *encodings = http_request_header(exchange, "Accept-Encoding", NULL);
    return encodings && negotiate_takes_gzip(encodings);
}

static void respond(struct http_exchange *exchange, const struct page_asset *asset)
{
    bool packed = takes_gzip(exchange);
    const char *tag = packed ? asset->packed_tag : asset->tag;
    const struct page_bytes *bytes = packed ? &asset->packed : &asset->plain;
    add_headers(exchange, tag);
    if (is_known(exchange, tag)) {
        http_respond(exchange, 304, NULL, NULL, 0);
        return;
    }
    if (packed)
        http_header(exchange, "Content-Encoding", "gzip");
    http_respond(exchange, 200, asset->type, bytes->data, bytes->len);
}

void page_respond(struct http_exchange *exchange, const char *name)
{
    const struct page_asset *asset = find(name);
    if (asset)
        respond(exchange, asset);
    else
        http_refuse(exchange, 404, "unknown-path", "the page has no file of this name");
}
