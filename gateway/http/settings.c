/* settings: see settings.h. */
#include "gateway/http/settings.h"

#define AT(member) offsetof(struct http_settings, member)

/* clang-format off */
static const struct option rows[] = {
    {.key = "connection-max", .kind = OPTION_UINT32, .offset = AT(connection_max), .reload = true,
     .min = 1, .max = 1000000, .default_text = "1000",
     .help = "most connections of HTTP clients at a time; the next one is answered with status 503; "
             "a proxy keeps some dozens, a browser six"},
    {.key = "header-timeout-ms", .kind = OPTION_UINT32, .offset = AT(header_timeout_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "10000", .unit = "ms",
     .help = "how long the head of a request may take from its first byte on; a head is one packet "
             "or a few"},
    {.key = "body-timeout-ms", .kind = OPTION_UINT32, .offset = AT(body_timeout_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "60000", .unit = "ms",
     .help = "how long the body of a request may take from the end of its head on; 16 MiB in a "
             "minute are 2.2 Mbit/s"},
    {.key = "idle-timeout-ms", .kind = OPTION_UINT32, .offset = AT(idle_timeout_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "60000", .unit = "ms",
     .help = "how long a connection may stay open without a request; the usual time of a proxy "
             "before this gateway"},
    {.key = "output-timeout-ms", .kind = OPTION_UINT32, .offset = AT(output_timeout_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "60000", .unit = "ms",
     .help = "how long a client may take no byte of its waiting response before it counts as "
             "gone; longer than a pause in a program, shorter than TCP's own quarter of an "
             "hour"},
    {.key = "linger-ms", .kind = OPTION_UINT32, .offset = AT(linger_ms), .reload = true,
     .min = 0, .max = OPTION_DAY_MS, .default_text = "1000", .unit = "ms",
     .help = "how long input is discarded after the last response to a client, to save the "
             "response from a reset; several round trips anywhere on earth"},
    {.key = "body-total-max", .kind = OPTION_UINT64, .offset = AT(body_total_max),
     .reload = true, .min = 1024, .max = OPTION_BYTES_MAX, .default_text = "268435456",
     .unit = "bytes",
     .help = "most memory for the bodies of all requests together; over it, requests with a body "
             "are answered with status 503; room for 16 of the largest payloads"},
    {.key = "output-total-max", .kind = OPTION_UINT64, .offset = AT(output_total_max),
     .reload = true, .min = 1024, .max = OPTION_BYTES_MAX, .default_text = "268435456",
     .unit = "bytes",
     .help = "most memory for responses until clients have read them; over it, a client holding "
             "over 1 MiB is closed: the one without a read for the longest"},
};
/* clang-format on */

const struct option_table http_options = OPTION_TABLE(rows);
