/* services: the registered names, as the payload of the answer. The list is written by hand: with
 * jansson, one of 65,536 names would take half a second. */
#include "clients/ops/ops.h"

#include "clients/owner.h"
#include "clients/services.h"
#include "common/log.h"
#include "protocol/answer.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static void write_owner_name(FILE *stream, const char *name)
{
    json_t *text = name ? json_string(name) : json_null();
    json_dumpf(text, stream, JSON_ENCODE_ANY);
    json_decref(text);
}

static void write_service(FILE *stream, const struct client_service *service, uint64_t now_us)
{
    struct client_session *owner = service->owner;
    fprintf(stream, "{\"name\":\"%s\",\"owner\":{\"client\":%" PRIu64 ",\"name\":", service->name,
            owner->number);
    write_owner_name(stream, client_owner_name(owner));
    fprintf(stream, "},\"since_ms\":%" PRIu64 ",\"delivered\":%" PRIu64 ",\"dropped\":%" PRIu64 "}",
            (now_us - service->since_us) / 1000, service->delivered, service->dropped);
}

/* The caller frees the text. */
static char *list(const struct clients *clients)
{
    const struct client_service *service;
    char *text = NULL;
    size_t size;
    const char *separator = "";
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        fatal(EX_OSERR, "cannot write a report");
    fputc('[', stream);
    TAILQ_FOREACH (service, &clients->services.registered, link) {
        fputs(separator, stream);
        write_service(stream, service, clients->loop->timers->now_us);
        separator = ",";
    }
    fputc(']', stream);
    if (ferror(stream) | fclose(stream))
        fatal(EX_OSERR, "cannot write a report");
    return text;
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    char *text = list(client_session_of_dialogue(dialogue)->clients);
    answer_text(dialogue, request, text);
    free(text);
    return VERDICT_FINE;
}

const struct operation client_op_services = {
    .name = "services",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .run = run,
};
