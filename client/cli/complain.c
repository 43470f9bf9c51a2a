/* complain: see complain.h. */
#include "complain.h"

#include "client/lib/clean.h"

#include <stdarg.h>
#include <stdio.h>

static void say(const char *prefix, const char *fmt, va_list args)
{
    char text[2048 + 1];
    vsnprintf(text, sizeof text, fmt, args);
    tmc_clean(text);
    fprintf(stderr, "%s%s\n", prefix, text);
}

void complain(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say("taskmaster: ", fmt, args);
    va_end(args);
}

void complain_further(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say("  ", fmt, args);
    va_end(args);
}
