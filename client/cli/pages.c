/* pages: see pages.h. */
#include "pages.h"

#include "complain.h"
#include "connect.h"
#include "exit_status.h"
#include "fields.h"
#include "report.h"

enum {
    LIMIT_DEFAULT = 100,
    PAGE_MAX = 1000, /* the server's own limit */
};

struct pages {
    const struct settings *settings;
    const char *op;
    json_t *fields; /* owned */
    json_t *rows;   /* owned */
    size_t limit;
    bool more;
};

/* Adds the rows of an answer, and names the place of the next ones. Returns the exit status. */
static int take_page(struct pages *pages, const tm_client_event *answer)
{
    json_t *rows = ask_load_payload(answer, JSON_ARRAY);
    if (!rows)
        return EXIT_UNREACHABLE;
    json_t *header = ask_load_header(answer);
    json_t *after = json_object_get(header, "after");
    pages->more = json_is_true(json_object_get(header, "more")) && after;
    if (pages->more)
        json_object_set(pages->fields, "after", after);
    json_array_extend(pages->rows, rows);
    json_decref(header);
    json_decref(rows);
    return EXIT_DONE;
}

static int read_page(struct pages *pages, tm_client *client)
{
    size_t left = pages->limit - json_array_size(pages->rows);
    tm_client_event *answer;
    fields_add_number(pages->fields, "limit", left < PAGE_MAX ? left : PAGE_MAX);
    tm_client_status status =
        ask_client(client, pages->op, json_incref(pages->fields),
                   settings_time_left_ms(pages->settings, ANSWER_MAX_MS), &answer);
    if (status != TM_CLIENT_OK)
        return report_call(pages->settings, client, status);
    int exit_status = take_page(pages, answer);
    tm_client_event_free(answer);
    return exit_status;
}

/* A page may be empty though more follow: the server looks at a bounded number of rows. */
static int read_pages(struct pages *pages, tm_client *client)
{
    int exit_status;
    do
        exit_status = read_page(pages, client);
    while (exit_status == EXIT_DONE && pages->more && json_array_size(pages->rows) < pages->limit);
    return exit_status;
}

static int print_pages(const struct pages *pages, void (*print)(FILE *out, const json_t *rows))
{
    int exit_status = ask_print_value(pages->settings, json_incref(pages->rows), print);
    if (pages->more && !pages->settings->json)
        complain("there are more; --limit shows more than %zu", pages->limit);
    return exit_status;
}

int pages_show(const struct settings *settings, const char *op, json_t *fields,
               void (*print)(FILE *out, const json_t *rows))
{
    struct pages pages = {.settings = settings, .op = op, .fields = fields, .rows = json_array()};
    int exit_status;
    pages.limit = settings->limit ? settings->limit : LIMIT_DEFAULT;
    tm_client *client = connect_to_server(settings, &exit_status);
    if (client) {
        exit_status = read_pages(&pages, client);
        if (exit_status == EXIT_DONE)
            exit_status = print_pages(&pages, print);
        tm_client_free(client);
    }
    json_decref(pages.fields);
    json_decref(pages.rows);
    return exit_status;
}
