/* negotiate: headers by which a client says what it has and takes. */
#include "gateway/page/negotiate.h"

#include <string.h>
#include <strings.h>

/* An element of a list: up to its comma, without the blanks around it. */
struct element {
    const char *text;
    size_t len;
};

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t,");
}

/* The next element from `*at` on; false at the end of the list. */
static bool next(const char **at, struct element *element)
{
    element->text = skip_blanks(*at);
    element->len = strcspn(element->text, ",");
    *at = element->text + element->len;
    while (element->len > 0 && strchr(" \t", element->text[element->len - 1]))
        element->len--;
    return element->len > 0;
}

/* Whether the element is this coding, be it with a weight. */
static bool names(const struct element *element, const char *coding)
{
    size_t len = strcspn(element->text, "; \t,");
    return len == strlen(coding) && strncasecmp(element->text, coding, len) == 0;
}

/* q=0, q=0. and q=0.000 refuse. */
static bool refuses(const struct element *element)
{
    const char *weight = memchr(element->text, '=', element->len);
    if (!weight)
        return false;
    const char *end = element->text + element->len;
    for (weight++; weight < end; weight++) {
        if (!strchr("0. \t", *weight))
            return false;
    }
    return true;
}

bool negotiate_takes_gzip(const char *encodings)
{
    bool others = false;
    struct element element;
    while (next(&encodings, &element)) {
        if (names(&element, "gzip"))
            return !refuses(&element);
        if (names(&element, "*"))
            others = !refuses(&element);
    }
    return others;
}

static bool is_tag(struct element element, const char *tag)
{
    if (element.len > 2 && strncmp(element.text, "W/", 2) == 0) {
        element.text += 2;
        element.len -= 2;
    }
    return element.len == strlen(tag) && memcmp(element.text, tag, element.len) == 0;
}

bool negotiate_has_tag(const char *tags, const char *tag)
{
    struct element element;
    while (next(&tags, &element)) {
        if (is_tag(element, tag) || (element.len == 1 && *element.text == '*'))
            return true;
    }
    return false;
}
