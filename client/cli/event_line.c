/* event_line: see event_line.h. */
#include "event_line.h"

#include "allocate.h"
#include "ask.h"
#include "client/lib/clean.h"
#include "output.h"
#include "shown.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void print_time(FILE *out, const json_t *at_ms)
{
    json_int_t ms = json_integer_value(at_ms);
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    char text[16];
    if (!json_is_integer(at_ms) || ms < 0 || !localtime_r(&seconds, &parts))
        return;
    strftime(text, sizeof text, "%H:%M:%S", &parts);
    fprintf(out, "%s.%03d ", text, (int)(ms % 1000));
}

static void print_field(FILE *out, const char *key, const json_t *value)
{
    json_t *shown = shown_value(key, value);
    char *text = json_is_string(shown) ? NULL : json_dumps(shown, JSON_COMPACT | JSON_ENCODE_ANY);
    fprintf(out, " %.*s=%s", shown_name_len(key), key, text ? text : json_string_value(shown));
    free(text);
    json_decref(shown);
}

/* The name of the event, and of the answer to which request it belongs, need no field. */
static bool is_told(const char *key, const json_t *value)
{
    static const char *const left_out[] = {"event", "ref", "at_ms", "id"};
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
        if (strcmp(key, left_out[i]) == 0)
            return false;
    return !json_is_null(value);
}

static void print_fields(FILE *out, const json_t *header)
{
    const char *key, *name = json_string_value(json_object_get(header, "event"));
    json_t *value;
    print_time(out, json_object_get(header, "at_ms"));
    fputs(name ? name : "?", out);
    json_object_foreach ((json_t *)header, key, value)
        if (is_told(key, value))
            print_field(out, key, value);
}

int event_line_print(const struct settings *settings, const tm_client_event *event)
{
    size_t len;
    char *text = NULL;
    if (settings->json)
        return ask_print_event(settings, event);
    FILE *out = open_memstream(&text, &len);
    if (!out)
        allocate_failed();
    json_t *header = ask_load_header(event);
    print_fields(out, header);
    json_decref(header);
    fputc('\n', out);
    if (fclose(out) != 0)
        allocate_failed();
    text[len - 1] = '\0';
    tmc_clean(text);
    text[len - 1] = '\n';
    return output_print_owned(settings, text, len);
}
