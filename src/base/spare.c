/* spare: see spare.h. */
#include "base/spare.h"

#include "common/xmalloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define KEEPS false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEEPS false
#endif
#endif
#ifndef KEEPS
#define KEEPS true
#endif

void *spare_take(struct spare *spare, size_t size)
{
    void *record = spare->first;
    if (!record)
        return xmalloc(size);
    memcpy(&spare->first, record, sizeof spare->first);
    spare->count--;
    return record;
}

void spare_give(struct spare *spare, void *record)
{
    if (!KEEPS || spare->count == SPARE_MAX) {
        free(record);
        return;
    }
    memcpy(record, &spare->first, sizeof spare->first);
    spare->first = record;
    spare->count++;
}
