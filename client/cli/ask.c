/* ask: see ask.h. */
#include "ask.h"

#include "allocate.h"
#include "common/json_load.h"
#include "complain.h"
#include "connect.h"
#include "output.h"
#include "report.h"
#include "report_json.h"

#include <stdlib.h>

/* Hands the answer over, or complains. Frees it with the client. Returns the exit status. */
static int finish(const struct settings *settings, tm_client *client, tm_client_status status,
                  tm_client_event *answer, ask_handler *handle)
{
    int exit_status =
        status == TM_CLIENT_OK ? handle(settings, answer) : report_call(settings, client, status);
    tm_client_event_free(answer);
    tm_client_free(client);
    return exit_status;
}

int ask_server(const struct settings *settings, ask_call *call, ask_handler *handle)
{
    int exit_status;
    tm_client_event *answer;
    tm_client *client = connect_to_server(settings, &exit_status);
    if (!client)
        return exit_status;
    tm_client_status status =
        call(client, settings, settings_time_left_ms(settings, ANSWER_MAX_MS), &answer);
    return finish(settings, client, status, answer, handle);
}

tm_client_status ask_client(tm_client *client, const char *op, json_t *fields, int timeout_ms,
                            tm_client_event **answer)
{
    char *text = fields ? json_dumps(fields, JSON_COMPACT) : NULL;
    if (fields && !text)
        allocate_failed();
    json_decref(fields);
    tm_client_status status = tm_client_ask(client, op, text, NULL, 0, timeout_ms, answer);
    free(text);
    return status;
}

int ask_request(const struct settings *settings, const char *op, json_t *fields,
                ask_handler *handle)
{
    int exit_status;
    tm_client_event *answer;
    tm_client *client = connect_to_server(settings, &exit_status);
    if (!client) {
        json_decref(fields);
        return exit_status;
    }
    tm_client_status status =
        ask_client(client, op, fields, settings_time_left_ms(settings, ANSWER_MAX_MS), &answer);
    return finish(settings, client, status, answer, handle);
}

json_t *ask_load_payload(const tm_client_event *answer, json_type type)
{
    json_error_t error;
    json_t *value = json_loadb(answer->data, answer->size, 0, &error);
    if (value && json_typeof(value) == type)
        return value;
    complain("the server's answer cannot be read: %s", value ? "not of its type" : error.text);
    json_decref(value);
    return NULL;
}

json_t *ask_load_header(const tm_client_event *answer)
{
    json_error_t error;
    return json_load_any(answer->header, strlen(answer->header), 0, &error);
}

int ask_print_event(const struct settings *settings, const tm_client_event *answer)
{
    size_t len;
    char *line = report_json_event(answer, 0, &len);
    return output_print_owned(settings, line, len);
}

/* Takes the value. Returns its text, the caller's. */
static char *make_text(json_t *value, void (*print)(FILE *out, const json_t *value), size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);
    if (!out)
        allocate_failed();
    print(out, value);
    if (fclose(out) != 0)
        allocate_failed();
    json_decref(value);
    return text;
}

int ask_print_value(const struct settings *settings, json_t *value,
                    void (*print)(FILE *out, const json_t *value))
{
    size_t len;
    char *text = settings->json ? report_json_line(value, &len) : make_text(value, print, &len);
    return output_print_owned(settings, text, len);
}
