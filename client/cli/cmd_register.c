/* cmd_register: takes the events of a service: prints them, or runs a command for each. */
#include "ask.h"
#include "command.h"
#include "complain.h"
#include "connect.h"
#include "event_command.h"
#include "event_line.h"
#include "exit_status.h"
#include "fields.h"
#include "interrupt.h"
#include "report.h"

#include <poll.h>
#include <signal.h>

/* A registered name. */
struct service {
    const struct settings *settings;
    tm_client *client;
    int signals; /* see interrupt.h */
    bool interrupted;
    bool registered; /* false: the events so far are the last ones */
    int exit_status; /* of a command that has failed, or of a failed print */
};

static tm_client_status ask_for(const struct service *service, const char *op)
{
    json_t *fields = fields_new();
    fields_add_text(fields, "name", service->settings->args[0]);
    return ask_client(service->client, op, fields,
                      settings_time_left_ms(service->settings, ANSWER_MAX_MS), NULL);
}

/* Returns 0, or an exit status for which no further event is taken. */
static int take(struct service *service, const tm_client_event *event)
{
    const struct event_command command = {service->settings->command, service->client,
                                          service->signals, &service->interrupted};
    if (event->type == TM_CLIENT_EVENT_DRAINING)
        return EXIT_DONE;
    if (!command.line)
        return event_line_print(service->settings, event);
    if (event->service && event_command_run(&command, event) < 0)
        service->exit_status = EXIT_SOME_FAILED;
    return EXIT_DONE;
}

/* Waits for the server or a signal. */
static void wait_for_more(struct service *service)
{
    struct pollfd polled[] = {
        {.fd = tm_client_fd(service->client), .events = tm_client_poll_events(service->client)},
        {.fd = service->signals, .events = POLLIN}};
    poll(polled, 2, settings_time_left_ms(service->settings, -1));
    if (polled[0].revents)
        tm_client_process(service->client);
}

/* After a signal nothing new comes: the name is given back. */
static tm_client_status heed_signal(struct service *service)
{
    if (!service->interrupted && !interrupt_take(service->signals))
        return TM_CLIENT_OK;
    service->registered = false;
    return ask_for(service, "unregister");
}

/* Takes events until a signal, and those that were sent before. Returns the exit status. */
static int serve(struct service *service)
{
    for (;;) {
        tm_client_event *event;
        tm_client_status status = tm_client_next(service->client, 0, &event);
        int exit_status = status == TM_CLIENT_OK ? take(service, event) : EXIT_DONE;
        tm_client_event_free(event);
        if (exit_status != EXIT_DONE)
            return exit_status;
        if (status == TM_CLIENT_TIMEOUT && tmc_deadline_passed(service->settings->deadline))
            return report_time_over();
        if (status == TM_CLIENT_TIMEOUT) {
            if (!service->registered)
                return service->exit_status;
            wait_for_more(service);
            status = TM_CLIENT_OK;
        }
        if (status == TM_CLIENT_OK && service->registered)
            status = heed_signal(service);
        if (status != TM_CLIENT_OK)
            return report_call(service->settings, service->client, status);
    }
}

static int register_and_serve(const struct settings *settings, tm_client *client)
{
    struct service service = {.settings = settings, .client = client, .registered = true};
    tm_client_status status = ask_for(&service, "register");
    if (status != TM_CLIENT_OK)
        return report_call(settings, client, status);
    service.signals = interrupt_open();
    signal(SIGPIPE, SIG_IGN); /* a command need not read its input */
    int exit_status = serve(&service);
    interrupt_close(service.signals);
    return exit_status;
}

static int run(const struct settings *settings)
{
    int exit_status;
    tm_client *client = connect_to_listen(settings, &exit_status);
    if (client)
        exit_status = register_and_serve(settings, client);
    tm_client_free(client);
    return exit_status;
}

const struct command cmd_register = {
    .name = "register",
    .arguments = "NAME",
    .arg_min = 1,
    .arg_max = 1,
    .completes = VALUE_SERVICE,
    .kind = COMMAND_REGISTER,
    .run = run,
    .summary = "take the ends of jobs submitted for a service",
    .help = "Registers the service NAME, and prints a line for the end of each job submitted\n"
            "for it. With --exec it runs a command by sh for each, one after the other: the\n"
            "payload is its standard input, and the event's fields are in its environment:\n"
            "TASKMASTER_EVENT, done or failed, TASKMASTER_JOB and so on. SIGINT and SIGTERM\n"
            "give the name back, and end the command behind the events sent by then.\n",
};
