/* die: see die.h. */
#include "die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void die(const char *fmt, ...)
{
    int saved = errno;
    va_list args;
    va_start(args, fmt);
    fputs("torture: ", stderr);
    vfprintf(stderr, fmt, args);
    va_end(args);
    if (saved)
        fprintf(stderr, ": %s", strerror(saved));
    fputc('\n', stderr);
    exit(EXIT_TROUBLE);
}

void *need(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    if (!memory)
        die("out of memory");
    return memory;
}

void *need_more(void *old, size_t size)
{
    void *memory = realloc(old, size);
    if (!memory)
        die("out of memory");
    return memory;
}

char *need_text(const char *fmt, ...)
{
    char *text;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0)
        die("out of memory");
    va_end(args);
    return text;
}
