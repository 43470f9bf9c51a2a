/* assets: the page's files, compiled in. gateway/page/embed writes the table out of app/. */
#ifndef TASKMASTER_GATEWAY_PAGE_ASSETS_H
#define TASKMASTER_GATEWAY_PAGE_ASSETS_H

#include <stddef.h>

struct page_bytes {
    const unsigned char *data;
    size_t len;
};

struct page_asset {
    const char *name; /* "overview.js" */
    const char *type;
    const char *tag;        /* the ETag of the plain form, */
    const char *packed_tag; /* and of the packed one: they are two representations */
    struct page_bytes plain;
    struct page_bytes packed; /* by gzip */
};

extern const struct page_asset page_assets[];
extern const size_t page_asset_count;

#endif
