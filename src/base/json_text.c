/* json_text: see json_text.h. */
#include "base/json_text.h"

#include "common/xmalloc.h"

#include <stdlib.h>

json_t *json_text(const char *bytes, size_t len)
{
    json_t *text = json_stringn(bytes, len);
    if (text)
        return text;
    char *copy = xmalloc(len + 1);
    for (size_t i = 0; i < len; i++)
        copy[i] = (char)((unsigned char)bytes[i] < 0x80 && bytes[i] ? bytes[i] : '?');
    text = json_stringn(copy, len);
    free(copy);
    return text;
}
