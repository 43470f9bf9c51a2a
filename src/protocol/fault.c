/* fault: notes the error of a request. */
#include "protocol/protocol_internal.h"

#include <stdarg.h>
#include <stdio.h>

static void note(struct request *request, const char *code, const char *format, va_list args)
{
    request->code = code;
    vsnprintf(request->message, sizeof request->message, format, args);
}

enum verdict request_refuse(struct request *request, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(request, code, format, args);
    va_end(args);
    return VERDICT_REFUSED;
}

enum verdict request_fail(struct request *request, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(request, code, format, args);
    va_end(args);
    return VERDICT_FATAL;
}

int header_fault(struct header *header, const char *code, const char *format, ...)
{
    va_list args;
    if (header->request->code)
        return -1;
    va_start(args, format);
    note(header->request, code, format, args);
    va_end(args);
    return -1;
}
