/* accept: see accept.h. */
#include "gateway/http/accept.h"

#include <string.h>
#include <strings.h>

bool accept_next(const char **at, struct accept_element *element)
{
    element->text = *at + strspn(*at, " \t,");
    element->len = strcspn(element->text, ",");
    *at = element->text + element->len;
    while (element->len > 0 && strchr(" \t", element->text[element->len - 1]))
        element->len--;
    return element->len > 0;
}

bool accept_names(const struct accept_element *element, const char *name)
{
    size_t len = strcspn(element->text, "; \t,");
    return len == strlen(name) && strncasecmp(element->text, name, len) == 0;
}

/* Returns the value of q; NULL without one. */
static const char *find_weight(const struct accept_element *element)
{
    const char *at = element->text, *end = at + element->len;
    while (at < end && (at = memchr(at, ';', (size_t)(end - at)))) {
        at++;
        at += strspn(at, " \t");
        if (strncasecmp(at, "q=", 2) == 0)
            return at + 2;
    }
    return NULL;
}

bool accept_refuses(const struct accept_element *element)
{
    const char *weight = find_weight(element);
    return weight && strspn(weight, "0.") == strcspn(weight, "; \t,");
}

bool accept_takes(const char *list, const char *name)
{
    struct accept_element element;
    while (accept_next(&list, &element))
        if (accept_names(&element, name))
            return !accept_refuses(&element);
    return false;
}
