/* output: see output.h. */
#include "output.h"

#include "client/lib/clean.h"
#include "exit_status.h"
#include "sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int output_print(const struct settings *settings, const void *data, size_t size)
{
    struct sink sink;
    bool late;
    sink_open(&sink, STDOUT_FILENO);
    sink_add(&sink, data, size);
    int written = sink_drain(&sink, settings->deadline, &late);
    sink_close(&sink);
    if (written == 0)
        return EXIT_DONE;
    return late ? EXIT_TIMED_OUT : EXIT_JOB_FAILED;
}

int output_print_owned(const struct settings *settings, char *data, size_t size)
{
    int written = output_print(settings, data, size);
    free(data);
    return written;
}

/* A prompt right behind a result is hard to read. A pipe or a file gets the result alone. */
static bool wants_newline(const char *data, size_t size)
{
    return size > 0 && data[size - 1] != '\n' && isatty(STDOUT_FILENO);
}

int output_print_result(const struct settings *settings, const char *data, size_t size)
{
    int written = output_print(settings, data, size);
    if (written == 0 && wants_newline(data, size))
        written = output_print(settings, "\n", 1);
    return written;
}

int output_print_line(const struct settings *settings, const char *fmt, ...)
{
    char text[1024 + 1];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text - 1, fmt, args);
    va_end(args);
    tmc_clean(text);
    size_t len = strlen(text);
    text[len++] = '\n';
    return output_print(settings, text, len);
}
