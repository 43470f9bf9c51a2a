/* settings: see settings.h. */
#include "peers/settings.h"

#include "common/limits.h"

#define AT(member) offsetof(struct peers_settings, member)

/* clang-format off */
static const struct option rows[] = {
    {.key = "socket-mode", .kind = OPTION_MODE, .offset = AT(socket_mode),
     .min = 0, .max = 0777, .default_text = "\"0660\"",
     .help = "the permissions of unix sockets; permission to write is permission to connect, "
             "and so to run jobs: by default for user and group"},
    {.key = "client-max", .kind = OPTION_UINT32, .offset = AT(client_max), .reload = true,
     .min = 1, .max = 1000000, .default_text = "10000",
     .help = "most clients connected at a time, counted from the answer to their hello; 100 "
             "unauthenticated connections come on top; less than 2 KiB each while idle, so 20 "
             "MiB in all"},
    {.key = "monitor-max", .kind = OPTION_UINT32, .offset = AT(monitor_max), .reload = true,
     .min = 0, .max = 1000000, .default_text = "100000",
     .help = "most monitors of all clients together; one client has at most 10000 of them; 180 to "
             "600 bytes each, by the length of their names, so 60 MiB in all at most"},
    {.key = "hello-timeout-ms", .kind = OPTION_UINT32, .offset = AT(hello_timeout_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "10000", .unit = "ms",
     .help = "how long a client may take for its hello; enough for one lost packet's "
             "retransmissions, too short for silent connections to pile up"},
    {.key = "header-timeout-ms", .kind = OPTION_UINT32, .offset = AT(header_timeout_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "10000", .unit = "ms",
     .help = "how long a header may take from its first byte on; as for the hello, because a "
             "header is one packet or a few"},
    {.key = "payload-timeout-ms", .kind = OPTION_UINT32, .offset = AT(payload_timeout_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "60000", .unit = "ms",
     .help = "how long a payload may take from its header's end on; 16 MiB in a minute are 2.2 "
             "Mbit/s"},
    {.key = "output-timeout-ms", .kind = OPTION_UINT32, .offset = AT(output_timeout_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "60000", .unit = "ms",
     .help = "how long a client may take no byte of its waiting output before it counts as "
             "gone; longer than a pause in a program, shorter than TCP's own quarter of an "
             "hour"},
    {.key = "linger-ms", .kind = OPTION_UINT32, .offset = AT(linger_ms), .reload = true,
     .min = 0, .max = OPTION_DAY_MS, .default_text = "1000", .unit = "ms",
     .help = "how long input is discarded after the last words to a client, to save them from "
             "a reset; several round trips anywhere on earth"},
    {.key = "payload-max", .kind = OPTION_UINT64, .offset = AT(payload_max), .reload = true,
     .min = 1024, .max = PAYLOAD_SIZE_MAX, .default_text = "16777216", .unit = "bytes",
     .help = "the largest payload, result and part of a result; 16 MiB hold a photograph or a long "
             "document; a larger file is better named than sent"},
    {.key = "payload-total-max", .kind = OPTION_UINT64, .offset = AT(payload_total_max),
     .reload = true, .min = 1024, .max = OPTION_BYTES_MAX, .default_text = "268435456", .unit = "bytes",
     .help = "most memory for the payloads of all waiting and running jobs together, at least "
             "payload-max; payloads on the disk of taskqueued do not count; over it, submits with a "
             "payload are answered with overload; room for 16 of the largest, modest on any server"},
    {.key = "output-total-max", .kind = OPTION_UINT64, .offset = AT(output_total_max),
     .reload = true, .min = 1024, .max = OPTION_BYTES_MAX, .default_text = "536870912", .unit = "bytes",
     .help = "most memory for results and answers until clients have read them, at least "
             "payload-max; over it, a client holding over 1 MiB is closed: the one without a "
             "read for the longest; room for the unread output of eight clients"},
};
/* clang-format on */

const struct option_table peers_options = OPTION_TABLE(rows);
