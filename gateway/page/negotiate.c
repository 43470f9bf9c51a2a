/* negotiate: headers by which a client says what it has and takes. */
#include "gateway/page/negotiate.h"

#include "gateway/http/accept.h"

#include <string.h>

bool negotiate_takes_gzip(const char *encodings)
{
    bool others = false;
    struct accept_element element;
    while (accept_next(&encodings, &element)) {
        if (accept_names(&element, "gzip"))
            return !accept_refuses(&element);
        if (accept_names(&element, "*"))
            others = !accept_refuses(&element);
    }
    return others;
}

static bool is_tag(struct accept_element element, const char *tag)
{
    if (element.len > 2 && strncmp(element.text, "W/", 2) == 0) {
        element.text += 2;
        element.len -= 2;
    }
    return element.len == strlen(tag) && memcmp(element.text, tag, element.len) == 0;
}

bool negotiate_has_tag(const char *tags, const char *tag)
{
    struct accept_element element;
    while (accept_next(&tags, &element)) {
        if (is_tag(element, tag) || (element.len == 1 && *element.text == '*'))
            return true;
    }
    return false;
}
