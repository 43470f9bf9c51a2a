/* clients: clients that do not read, and room for clients, payloads and output. */
#include "client/doctor/doctor.h"

#include <inttypes.h>

enum {
    UNREAD_MIN = 65536, /* bytes of output left: less may be on its way */
    MANY_PERCENT = 80,  /* of a limit: a warning */
    FULL_PERCENT = 95,  /* critical */
    NAMED_MAX = 10,     /* clients named, of those that do not read */
    MIB = 1 << 20,
};

static void tell_unread(const json_t *client, struct findings *findings)
{
    char number[32];
    const char *name = exam_text(client, NULL, "name");
    snprintf(number, sizeof number, "%" PRId64, exam_number(client, NULL, "id"));
    findings_tell(findings, FINDING_WARNING, "client-unread", "client", number,
                  "%s at %s does not read: %" PRId64 " KiB of output wait for it, and its jobs are "
                  "held in the end",
                  *name ? name : "a client", exam_text(client, NULL, "address"),
                  exam_number(client, NULL, "output") / 1024);
    findings_advise(findings, "let the program read its results, or end it; the server closes it "
                              "after output-timeout-ms without a read");
}

/* Returns the output that waited at the first look; 0 for a new client. */
static int64_t output_before(const struct exam *exam, int64_t id)
{
    size_t i;
    json_t *client;
    json_array_foreach ((json_t *)exam->clients_before, i, client) {
        if (exam_number(client, NULL, "id") == id)
            return exam_number(client, NULL, "output");
    }
    return 0;
}

/* Output waited at both looks, and has not become less. */
static bool is_unread(const struct exam *exam, const json_t *client)
{
    int64_t before = output_before(exam, exam_number(client, NULL, "id"));
    return before >= UNREAD_MIN && exam_number(client, NULL, "output") >= before;
}

static void check_reading(const struct exam *exam, struct findings *findings)
{
    size_t i, named = 0;
    json_t *client;
    json_array_foreach ((json_t *)exam->clients, i, client) {
        if (is_unread(exam, client) && named++ < NAMED_MAX)
            tell_unread(client, findings);
    }
}

/* A thing with a limit. */
static const struct room {
    const char *check, *about, *part, *member, *max, *advice;
    int64_t unit;
    const char *unit_name;
} rooms[] = {
    {"clients-full", "clients", "clients", "connected", "max",
     "raise client-max, or let programs share connections: one carries many jobs", 1, ""},
    {"payloads-full", "payloads", "queue", "bytes", "bytes_max",
     "raise payload-total-max, or send smaller payloads; over it, submits are answered with "
     "overload",
     MIB, " MiB"},
    {"output-full", "output", "output", "bytes", "bytes_max",
     "clients that do not read hold it: taskmaster clients; over it, the slowest is closed", MIB,
     " MiB"},
};

static void check_room(const json_t *stats, const struct room *room, struct findings *findings)
{
    int64_t now = exam_number(stats, room->part, room->member);
    int64_t max = exam_number(stats, room->part, room->max);
    if (max <= 0 || now < max / 100 * MANY_PERCENT || now * 100 < max * MANY_PERCENT)
        return;
    findings_tell(findings, now * 100 >= max * FULL_PERCENT ? FINDING_CRITICAL : FINDING_WARNING,
                  room->check, room->about, NULL, "%" PRId64 "%s of %" PRId64 "%s are in use",
                  now / room->unit, room->unit_name, max / room->unit, room->unit_name);
    findings_advise(findings, "%s", room->advice);
}

void doctor_clients(const struct exam *exam, struct findings *findings)
{
    check_reading(exam, findings);
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
        check_room(exam_last(exam), &rooms[i], findings);
}
