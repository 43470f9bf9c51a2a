/* own_settings: see own_settings.h. */
#include "gateway/own_settings.h"

static bool tokens_differ(const void *before, const void *after)
{
    const struct server_settings *old = before, *new = after;
    return !token_set_equal(&old->tokens, &new->tokens, false);
}

static bool queue_tokens_differ(const void *before, const void *after)
{
    const struct server_settings *old = before, *new = after;
    return !token_set_equal(&old->queue_tokens, &new->queue_tokens, false);
}

#define LISTEN(member) offsetof(struct listen_settings, member)
#define SERVER(member) offsetof(struct server_settings, member)

/* clang-format off */
static const struct option listen_rows[] = {
    {.key = "listen", .kind = OPTION_STRING_LIST, .offset = LISTEN(listen),
     .min = 1, .max = 16, .default_text = "[\"127.0.0.1:8741\"]",
     .help = "where HTTP clients connect: HOST:PORT, [IPV6]:PORT or unix:PATH; port 0 means any "
             "free port; loopback by default, and other addresses only with an access-file: TLS is "
             "for a proxy before the gateway"},
    {.key = "socket-mode", .kind = OPTION_MODE, .offset = LISTEN(socket_mode),
     .min = 0, .max = 0777, .default_text = "\"0660\"",
     .help = "the permissions of unix sockets; permission to write is permission to connect: by "
             "default for user and group"},
};

static const struct option server_rows[] = {
    {.key = "server", .kind = OPTION_STRING, .offset = SERVER(server),
     .min = 1, .max = OPTION_PATH_MAX, .default_text = "\"127.0.0.1:7741\"",
     .help = "where taskmasterd listens for clients: HOST:PORT, [IPV6]:PORT or unix:PATH; by "
             "default its own default; a name is looked up at the start alone"},
    {.key = "queue-server", .kind = OPTION_STRING, .offset = SERVER(queue_server),
     .min = 1, .max = OPTION_PATH_MAX, .default_text = "null",
     .help = "where taskqueued listens for clients; if unset, no job can be kept: such requests "
             "are refused (status 501)"},
    {.key = "token-file", .kind = OPTION_STRING, .offset = SERVER(token_file), .reload = true,
     .differs = tokens_differ,
     .min = 1, .max = OPTION_PATH_MAX, .default_text = "null",
     .help = "a file with the token for taskmasterd, one a line, the first counts; no client of the "
             "gateway has more rights than this token; with the right relay, jobs are told the "
             "names of their users; if unset, no token is told: enough for a master without tokens"},
    {.key = "queue-token-file", .kind = OPTION_STRING, .offset = SERVER(queue_token_file),
     .reload = true, .differs = queue_tokens_differ,
     .min = 1, .max = OPTION_PATH_MAX, .default_text = "null",
     .help = "likewise for taskqueued; if unset, no token is told"},
};

static const struct option access_log_rows[] = {
    {.key = "access-log", .kind = OPTION_BOOL, .offset = offsetof(struct access_log_settings, is_on),
     .reload = true, .default_text = "false",
     .help = "a line of the log for each request: peer, user, method, path, status, bytes, time, "
             "job; off by default, because the log of taskmasterd tells of jobs, and a line costs "
             "as much as a tenth of a small job"},
};

static const struct option end_rows[] = {
    {.key = "drain-timeout-ms", .kind = OPTION_UINT32,
     .offset = offsetof(struct end_settings, drain_timeout_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "30000", .unit = "ms",
     .help = "how long a shutdown waits for requests in progress; those left are cut off, and the "
             "jobs of their clients cancelled; less than half of the 90 s after which systemd kills "
             "(TimeoutStopSec)"},
};
/* clang-format on */

const struct option_table listen_options = OPTION_TABLE(listen_rows);
const struct option_table server_options = OPTION_TABLE(server_rows);
const struct option_table access_log_options = OPTION_TABLE(access_log_rows);
const struct option_table end_options = OPTION_TABLE(end_rows);
