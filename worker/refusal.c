/* refusal: see refusal.h. */
#include "refusal.h"

#include "text.h"

#include <stdarg.h>
#include <stdio.h>

int refusal_set(struct refusal *refusal, const char *fmt, ...)
{
    char text[sizeof(refusal->text)];
    va_list args;

    va_start(args, fmt);
    if (vsnprintf(text, sizeof(text), fmt, args) < 0)
        text[0] = '\0';
    va_end(args);
    text_clean(refusal->text, sizeof(refusal->text), text);
    refusal->unfit = false;
    return -1;
}
