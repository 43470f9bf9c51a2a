/* page: the operator's page, and its files. */
#include "gateway/page/page.h"

#include "gateway/api/api.h"

static void show(struct http_exchange *exchange)
{
    page_respond(exchange, "index.html");
}

static void show_file(struct http_exchange *exchange)
{
    page_respond(exchange, api_path_part(exchange));
}

/* The answer is made in the call: nobody is left to be told. */
static void nothing_gone(struct http_exchange *exchange)
{
    (void)exchange;
}

static const struct http_handler page_handler = {.run = show, .gone = nothing_gone};
static const struct http_handler file_handler = {.run = show_file, .gone = nothing_gone};

const struct api_route api_page_routes[] = {
    {.method = HTTP_GET,
     .path = "/",
     .summary = "The operator's page.",
     .is_open = true,
     .handler = &page_handler,
     .responses = "{\"200\":{\"description\":\"The page.\",\"content\":{\"text/html\":{}}},"
                  "\"304\":{\"description\":\"The client has it.\"}}"},
    {.method = HTTP_GET,
     .path = "/app/{name}",
     .summary = "A file of the page.",
     .is_open = true,
     .handler = &file_handler,
     .responses = "{\"200\":{\"description\":\"The file.\",\"content\":{\"text/javascript\":{},"
                  "\"text/css\":{},\"image/svg+xml\":{}}},"
                  "\"304\":{\"description\":\"The client has it.\"}}"},
    {.path = NULL},
};
