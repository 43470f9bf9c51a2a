/* submission: see submission.h. */
#include "submission.h"

#include "allocate.h"
#include "common/json_load.h"
#include "fields.h"
#include "report_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_kept(const struct keep_wishes *keep)
{
    return keep->key || keep->at || keep->retry_on || keep->delay_ms > 0 || keep->ttl_ms > 0 ||
           keep->retries > 0 || keep->has_priority || keep->has_retry_delay;
}

static void add(json_t *fields, const char *name, json_t *value)
{
    if (json_object_set_new(fields, name, value) < 0)
        allocate_failed();
}

/* "error,timeout" as a list. */
static json_t *split_words(const char *text)
{
    json_t *list = json_array();
    for (size_t len; *text; text += len + (text[len] != '\0')) {
        len = strcspn(text, ",");
        char *word = strndup(text, len);
        if (!word)
            allocate_failed();
        json_array_append_new(list, report_json_text(word));
        free(word);
    }
    return list;
}

static void add_keep(json_t *fields, const struct keep_wishes *keep)
{
    fields_add_text(fields, "key", keep->key);
    fields_add_text(fields, "at", keep->at);
    fields_add_number(fields, "delay_ms", keep->delay_ms);
    fields_add_number(fields, "ttl_ms", keep->ttl_ms);
    fields_add_number(fields, "retries", keep->retries);
    if (keep->retry_on)
        add(fields, "retry_on", split_words(keep->retry_on));
    if (keep->has_priority)
        add(fields, "priority", json_integer(keep->priority));
    if (keep->has_retry_delay)
        add(fields, "retry_delay_ms", json_integer((json_int_t)keep->retry_delay_ms));
}

/* Those of the command's own use. */
static void add_notify(json_t *fields, uint32_t notify)
{
    static const struct {
        uint32_t bit;
        const char *word;
    } words[] = {
        {TM_CLIENT_NOTIFY_STARTED, "started"},
        {TM_CLIENT_NOTIFY_PROGRESS, "progress"},
        {TM_CLIENT_NOTIFY_PART, "part"},
        {TM_CLIENT_NOTIFY_RETRY, "retry"},
    };
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (notify & words[i].bit)
            json_array_append_new(list, json_string(words[i].word));
    if (notify)
        add(fields, "notify", list);
    else
        json_decref(list);
}

static json_t *make_fields(const struct submission *submission, const struct keep_wishes *keep)
{
    const tm_client_submit_options *options = &submission->options;
    json_t *fields = fields_new();
    fields_add_text(fields, "module", submission->module);
    fields_add_number(fields, "timeout_ms", options->timeout_ms);
    fields_add_number(fields, "soft_timeout_ms", options->soft_timeout_ms);
    fields_add_number(fields, "max_wait_ms", options->max_wait_ms);
    fields_add_text(fields, "service", options->service);
    if (options->link)
        add(fields, "link", json_true());
    if (options->detach)
        add(fields, "detach", json_true());
    add_notify(fields, options->notify);
    add_keep(fields, keep);
    return fields;
}

/* Takes the text of an object. Puts the context behind its last field as it stands: jansson would
 * write 1.10 as 1.1000000000000001. */
static char *add_context(char *text, const char *context)
{
    static const char key[] = ",\"context\":";
    size_t len = strlen(text), room = len + sizeof key + strlen(context) + 1;
    text = allocate(text, room);
    snprintf(text + len - 1, room - (len - 1), "%s%s}", key, context);
    return text;
}

/* Of a context that is no JSON, tm_client_submit() tells the fault. */
static bool is_json(const char *text)
{
    json_error_t error;
    json_t *value = json_load_any(text, strlen(text), JSON_DECODE_ANY, &error);
    json_decref(value);
    return value != NULL;
}

void submission_open(struct submission *submission, const struct settings *settings,
                     const tm_client_submit_options *options)
{
    *submission = (struct submission){.module = settings->args[0], .options = *options};
    if (!is_kept(&settings->keep) || (options->context && !is_json(options->context)))
        return;
    json_t *fields = make_fields(submission, &settings->keep);
    submission->fields = json_dumps(fields, JSON_COMPACT);
    json_decref(fields);
    if (!submission->fields)
        allocate_failed();
    if (options->context)
        submission->fields = add_context(submission->fields, options->context);
}

void submission_close(struct submission *submission)
{
    free(submission->fields);
}

tm_client_status submission_send(const struct submission *submission, tm_client *client,
                                 const void *data, size_t size, void *user, int timeout_ms,
                                 uint64_t *id)
{
    tm_client_submit_options options = submission->options;
    if (submission->fields)
        return tm_client_request(client, "submit", submission->fields, data, size, user, timeout_ms,
                                 id);
    options.user = user;
    return tm_client_submit(client, submission->module, data, size, &options, timeout_ms, id);
}
