/* cmd_ping: asks for an answer, and measures its time. */
#include "command.h"
#include "connect.h"
#include "output.h"
#include "report.h"
#include "report_json.h"

/* Returns 0, or an exit status after a complaint. */
static int print_pong(const struct settings *settings, const tm_client *client, int64_t time_ns)
{
    size_t len;
    if (!settings->json)
        return output_print_line(settings, "%.256s at %.512s answered in %.3f ms",
                                 tm_client_server(client), settings->server, (double)time_ns / 1e6);
    json_t *pong = json_pack("{ss ss so sI}", "event", "pong", "server", tm_client_server(client),
                             "address", report_json_text(settings->server), "round_trip_us",
                             (json_int_t)(time_ns / 1000));
    char *line = report_json_line(pong, &len);
    return output_print_owned(settings, line, len);
}

static int run(const struct settings *settings)
{
    int exit_status;
    tm_client *client = connect_to_server(settings, &exit_status);
    if (!client)
        return exit_status;
    int64_t begin = tmc_deadline_now();
    tm_client_status status =
        tm_client_ping(client, settings_time_left_ms(settings, ANSWER_MAX_MS));
    int64_t time_ns = tmc_deadline_now() - begin;
    exit_status = status == TM_CLIENT_OK ? print_pong(settings, client, time_ns)
                                         : report_call(settings, client, status);
    tm_client_free(client);
    return exit_status;
}

const struct command cmd_ping = {
    .name = "ping",
    .arguments = "",
    .kind = COMMAND_PING,
    .run = run,
    .summary = "see whether the server answers, and how fast",
    .help = "Prints the server's name and the time of one round trip. With --wait-ms it\n"
            "tries again while there is no answer: a server just started may not listen\n"
            "yet.\n",
};
