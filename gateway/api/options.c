/* options: see options.h. */
#include "gateway/api/options.h"

#include "base/json_writer.h"
#include "common/name.h"
#include "gateway/api/api.h"
#include "gateway/api/query.h"
#include "gateway/http/problem.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { TEXT_MAX = 64, DIGITS_MAX = 16 };

static const char header_prefix[] = "Taskmaster-";

enum option {
    OPTION_MODULE,
    OPTION_TIMEOUT,
    OPTION_SOFT_TIMEOUT,
    OPTION_MAX_WAIT,
    OPTION_SERVICE,
    OPTION_PRIORITY,
    OPTION_RETRIES,
    OPTION_RETRY_ON,
    OPTION_RETRY_DELAY,
    OPTION_DELAY,
    OPTION_AT,
    OPTION_TTL,
    OPTION_COUNT,
};

#define MILLISECONDS(most) "{\"type\":\"integer\",\"minimum\":1,\"maximum\":" #most "}"

const struct api_parameter options_parameters[] = {
    [OPTION_MODULE] = {.name = "module",
                       .about = "The module that runs the job.",
                       .schema = "{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9_-]{1,64}$\"}"},
    [OPTION_TIMEOUT] = {.name = "timeout_ms",
                        .about = "How long the job may run.",
                        .schema = MILLISECONDS(2147483647)},
    [OPTION_SOFT_TIMEOUT] = {.name = "soft_timeout_ms",
                             .about = "After so long the module is asked to come to an end.",
                             .schema = MILLISECONDS(2147483647)},
    [OPTION_MAX_WAIT] = {.name = "max_wait_ms",
                         .about = "How long the job may wait for a worker.",
                         .schema = MILLISECONDS(31536000000)},
    [OPTION_SERVICE] = {.name = "service",
                        .about = "The job's end goes to the owner of this service.",
                        .schema = "{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9_.-]{1,64}$\"}"},
    [OPTION_PRIORITY] = {.name = "priority",
                         .about = "Of a kept job: a higher one is begun first.",
                         .schema =
                             "{\"type\":\"integer\",\"minimum\":0,\"maximum\":9,\"default\":5}"},
    [OPTION_RETRIES] = {.name = "retries",
                        .about = "Of a kept job: how often it is run again after a failure.",
                        .schema =
                            "{\"type\":\"integer\",\"minimum\":0,\"maximum\":100,\"default\":0}"},
    [OPTION_RETRY_ON] =
        {.name = "retry_on",
         .about = "Of a kept job: the failures after which it is run again, joined by commas.",
         .schema = "{\"type\":\"string\",\"default\":\"error,timeout\"}"},
    [OPTION_RETRY_DELAY] = {.name = "retry_delay_ms",
                            .about = "Of a kept job: the delay before the first retry.",
                            .schema = "{\"type\":\"integer\",\"minimum\":0,\"maximum\":86400000}"},
    [OPTION_DELAY] = {.name = "delay_ms",
                      .about = "Of a kept job: it is not begun before.",
                      .schema = "{\"type\":\"integer\",\"minimum\":0,\"maximum\":31536000000}"},
    [OPTION_AT] = {.name = "at",
                   .about = "Of a kept job: it is not begun before this time.",
                   .schema = "{\"type\":\"string\",\"format\":\"date-time\"}"},
    [OPTION_TTL] = {.name = "ttl_ms",
                    .about = "Of a kept job: how long its outcome is kept.",
                    .schema = MILLISECONDS(2592000000)},
    [OPTION_COUNT] = {.name = NULL},
};

/* How a value is written, and who takes the option; 0: a number for both daemons. */
enum {
    IS_TEXT = 1,
    IS_LIST = 2,
    IS_FOR_MASTER = 4,
    IS_FOR_QUEUE = 8,
};

static const unsigned traits[OPTION_COUNT] = {
    [OPTION_MODULE] = IS_TEXT,
    [OPTION_SERVICE] = IS_TEXT | IS_FOR_MASTER,
    [OPTION_PRIORITY] = IS_FOR_QUEUE,
    [OPTION_RETRIES] = IS_FOR_QUEUE,
    [OPTION_RETRY_ON] = IS_LIST | IS_FOR_QUEUE,
    [OPTION_RETRY_DELAY] = IS_FOR_QUEUE,
    [OPTION_DELAY] = IS_FOR_QUEUE,
    [OPTION_AT] = IS_TEXT | IS_FOR_QUEUE,
    [OPTION_TTL] = IS_FOR_QUEUE,
};

struct reading {
    struct http_exchange *exchange;
    bool kept;
    struct options *options;
    struct json_writer *json;
    unsigned seen; /* a bit for each option */
};

/* --- one value --- */

static bool refuse(struct reading *reading, enum option option, const char *why)
{
    http_refuse(reading->exchange, 400, "bad-request", "%s %s", options_parameters[option].name,
                why);
    return false;
}

static bool refuse_number(struct reading *reading, enum option option, const char *value)
{
    http_refuse(reading->exchange, 400, "bad-request",
                "%s is \"%.100s\"; expected an integer in digits only",
                options_parameters[option].name, value);
    return false;
}

static bool write_number(struct reading *reading, enum option option, const char *value)
{
    size_t len = strspn(value, "0123456789");
    if (len == 0 || len > DIGITS_MAX || value[len] || (len > 1 && *value == '0'))
        return refuse_number(reading, option, value);
    json_writer_json(reading->json, options_parameters[option].name, value, len);
    return true;
}

/* "error,timeout" as a list of its words. */
static bool write_list(struct reading *reading, enum option option, const char *value)
{
    json_writer_begin(reading->json, options_parameters[option].name, '[');
    while (*value) {
        char word[TEXT_MAX + 1];
        size_t len = strcspn(value, ",");
        memcpy(word, value, len);
        word[len] = '\0';
        json_writer_text(reading->json, NULL, word);
        value += len + (value[len] == ',');
    }
    json_writer_end(reading->json, ']');
    return true;
}

static bool write_text(struct reading *reading, enum option option, const char *value)
{
    if (option == OPTION_MODULE) {
        if (!module_name_valid(value, strlen(value)))
            return refuse(reading, option,
                          "is no module's name; expected 1 to 64 of [A-Za-z0-9_-]");
        memcpy(reading->options->module, value, strlen(value) + 1);
    }
    json_writer_text(reading->json, options_parameters[option].name, value);
    return true;
}

/* Whether the daemon of this request takes the option. */
static bool check_use(struct reading *reading, enum option option)
{
    if (reading->kept && traits[option] & IS_FOR_MASTER)
        return refuse(reading, option, "is no option of a kept job");
    if (!reading->kept && traits[option] & IS_FOR_QUEUE)
        return refuse(reading, option,
                      "is an option of kept jobs: send Prefer: respond-async or Idempotency-Key");
    if (reading->seen & 1u << option)
        return refuse(reading, option, "is given twice, as a parameter or as a header");
    reading->seen |= 1u << option;
    return true;
}

static bool take(struct reading *reading, enum option option, const char *value)
{
    if (!check_use(reading, option))
        return false;
    if (option == OPTION_SERVICE)
        reading->options->for_service = true;
    if (strlen(value) > TEXT_MAX)
        return refuse(reading, option, "is longer than 64 bytes");
    if (traits[option] & IS_LIST)
        return write_list(reading, option, value);
    return traits[option] & IS_TEXT ? write_text(reading, option, value)
                                    : write_number(reading, option, value);
}

/* --- where values come from --- */

static bool read_query(struct reading *reading)
{
    const char *at = http_request(reading->exchange)->query;
    struct query_item item;
    while (query_next(&at, &item)) {
        const struct api_parameter *row = query_row(options_parameters, &item);
        char value[1024]; /* query_check() has seen to its length */
        if (!row || query_decode(item.value, item.value_len, value, sizeof value) < 0)
            continue;
        if (!take(reading, (enum option)(row - options_parameters), value))
            return false;
    }
    return true;
}

/* True if the header "Timeout-Ms" means the option timeout_ms. */
static bool is_header_of(const char *header, const char *name)
{
    for (; *header && *name; header++, name++)
        if (*name == '_' ? *header != '-' : (*header | 0x20) != *name)
            return false;
    return !*header && !*name;
}

static enum option option_of_header(const char *header)
{
    enum option option = OPTION_MODULE;
    while (option < OPTION_COUNT && !is_header_of(header, options_parameters[option].name))
        option++;
    return option;
}

static bool read_headers(struct reading *reading)
{
    const struct http_request *request = http_request(reading->exchange);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (strncasecmp(header->name, header_prefix, strlen(header_prefix)) != 0)
            continue;
        enum option option = option_of_header(header->name + strlen(header_prefix));
        if (option == OPTION_COUNT) {
            http_refuse(reading->exchange, 400, "bad-request", "header %s is unknown",
                        header->name);
            return false;
        }
        if (!take(reading, option, header->value))
            return false;
    }
    return true;
}

bool options_read(struct http_exchange *exchange, bool kept, struct options *options,
                  struct json_writer *json)
{
    struct reading reading = {exchange, kept, options, json, 0};
    *options = (struct options){.module = ""};
    json->more = true; /* a comma stands before each member */
    if (!read_query(&reading) || !read_headers(&reading))
        return false;
    return *options->module || refuse(&reading, OPTION_MODULE, "is missing");
}
