/* problem: see problem.h. */
#include "gateway/http/problem.h"
#include "gateway/http/exchange.h"
#include "gateway/http/status.h"

#include "base/json_writer.h"
#include "common/xmalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_members(struct json_writer *json, const struct http_problem *problem)
{
    char type[128];
    const char *title = problem->title ? problem->title : http_status_phrase(problem->status);
    snprintf(type, sizeof type, "/problems/%s", problem->code);
    json_writer_text(json, "type", type);
    json_writer_text(json, "title", title);
    json_writer_uint(json, "status", problem->status);
    json_writer_text(json, "detail", problem->detail);
    json_writer_text(json, problem->is_reason ? "reason" : "code", problem->code);
}

/* The caller frees the text. */
static char *make_text(const struct http_problem *problem)
{
    struct json_writer json;
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '{');
    put_members(&json, problem);
    if (problem->members_len) /* its first comma is the writer's */
        json_writer_json(&json, NULL, problem->members + 1, problem->members_len - 1);
    json_writer_end(&json, '}');
    return json_writer_close(&json);
}

void http_problem(struct http_exchange *exchange, const struct http_problem *problem)
{
    char *text = make_text(problem);
    if (problem->retry_after_ms)
        http_header_uint(exchange, "Retry-After", (problem->retry_after_ms + 999) / 1000);
    http_respond(exchange, problem->status, "application/problem+json", text, strlen(text));
    free(text);
}

void http_refuse(struct http_exchange *exchange, unsigned status, const char *code,
                 const char *format, ...)
{
    char detail[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    http_problem(exchange,
                 &(struct http_problem){.status = status, .code = code, .detail = detail});
}
