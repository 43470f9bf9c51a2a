/* request: see request.h. */
#include "protocol/request.h"
#include "protocol/protocol_internal.h"

#include "base/json_reason.h"
#include "common/json_load.h"
#include "common/json_raw.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Fields of all requests. */
static const struct field op_field = {"op", .kind = FIELD_OP};
static const struct field id_field = {"id", FIELD_ID, .at = offsetof(struct request, id)};
static const struct field size_field = {"size", .kind = FIELD_SIZE};

/* --- framing --- */

static void load(struct header *header)
{
    json_error_t error;
    const char *nul = memchr(header->line, '\0', header->len);
    if (!nul)
        header->root = json_load_any(header->line, header->len, JSON_REJECT_DUPLICATES, &error);
    if (nul) /* jansson passes over one behind a number */
        header_fault(header, "bad-json", "a NUL at byte %td; expected a JSON object",
                     nul - header->line);
    else if (!header->len)
        header_fault(header, "bad-json", "the line is empty; expected a JSON object");
    else if (!header->root)
        header_fault(header, "bad-json", "%s at byte %d; expected a JSON object",
                     json_reason(&error), error.position);
    else if (!json_is_object(header->root))
        header_fault(header, "bad-json", "the top level is an array; expected an object");
    else if (json_raw_depth(header->line, header->len) > HEADER_DEPTH_MAX)
        header_fault(header, "bad-json", "nested deeper than %d levels", HEADER_DEPTH_MAX);
}

/* Returns whether it is given. */
static bool read_if_given(struct header *header, const struct field *field)
{
    if (!field_is_given(header, field))
        return false;
    header->request->rights |= field->right;
    field_read(header, field);
    return true;
}

/* Reads the fields echoed by errors. Their own faults are noted later, in the agreed order. */
static void read_echoed(struct header *header)
{
    struct request *request = header->request;
    read_if_given(header, &op_field);
    read_if_given(header, &id_field);
    const struct field *field = request->operation ? request->operation->fields : NULL;
    for (; field && field->name; field++)
        if (field->kind == FIELD_CONTEXT)
            read_if_given(header, field);
    request->code = NULL;
    request->message[0] = '\0';
}

static void read_size(struct header *header)
{
    char shown[FIELD_SHOWN_MAX + 1];
    read_if_given(header, &size_field);
    if (header->request->code || header->request->size <= header->payload_max)
        return;
    field_show(header, &size_field, shown);
    header_fault(header, "payload-too-large",
                 "field size is %s; expected at most payload_max, %" PRIu64, shown,
                 header->payload_max);
}

/* --- the operation and its fields --- */

static bool is_taken(const struct operation *operation, const char *name)
{
    const struct field *const common[] = {&op_field, &id_field, &size_field};
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        if (strcmp(common[i]->name, name) == 0)
            return true;
    for (const struct field *field = operation->fields; field && field->name; field++)
        if (strcmp(field->name, name) == 0)
            return true;
    return false;
}

static void refuse_unknown_fields(struct header *header)
{
    const struct operation *operation = header->request->operation;
    const char *name;
    json_t *value;
    json_object_foreach (header->root, name, value)
        if (!is_taken(operation, name))
            header_fault(header, "bad-request", "%s takes no field %.64s", operation->name, name);
}

/* Lists the names in the order of the header, as many as fit. */
static void list_ignored_fields(struct header *header)
{
    struct request *request = header->request;
    char *list = request->ignored.text;
    size_t len = 0;
    bool cut = false;
    const char *name;
    json_t *value;
    json_object_foreach (header->root, name, value) {
        if (is_taken(request->operation, name))
            continue;
        /* Between a bracket or comma, and the last bracket. */
        size_t room = len + 2 < IGNORED_MAX ? IGNORED_MAX - 2 - len : 0;
        json_t *text = json_string(name);
        size_t needs = json_dumpb(text, list + len + 1, room, JSON_ENCODE_ANY);
        json_decref(text);
        request->ignored_count++;
        cut |= needs > room;
        if (cut)
            continue;
        list[len] = len ? ',' : '[';
        len += 1 + needs;
    }
    if (request->ignored_count)
        request->ignored.len = len + (size_t)sprintf(list + len, len ? "]" : "[]");
}

static void check_op(struct header *header)
{
    struct request *request = header->request;
    if (!field_is_given(header, &op_field))
        header_fault(header, "bad-request", "the header needs a field op");
    else if (field_read(header, &op_field) == 0 && !request->operation)
        header_fault(header, "unknown-op", "there is no operation %s in this release",
                     request->op.len ? request->op.text : "of so long a name");
}

/* The version is checked before the rest of a hello. */
static void check_version(struct header *header)
{
    const struct operation *operation = header->request->operation;
    for (const struct field *field = operation->fields; field && field->name; field++) {
        if (field->kind != FIELD_VERSION)
            continue;
        if (field_is_given(header, field))
            field_read(header, field);
        else
            header_fault(header, "bad-version", "%s needs a field %s; this server speaks %d",
                         operation->name, field->name, PROTOCOL_VERSION);
    }
}

static void read_own_fields(struct header *header)
{
    struct request *request = header->request;
    if (!request->id.len) /* absent, or wrong: the fault is told now */
        read_if_given(header, &id_field);
    uint32_t bit = 1;
    for (const struct field *field = request->operation->fields; field && field->name; field++) {
        if ((field->kind != FIELD_CONTEXT || !request->context.len) && read_if_given(header, field))
            request->given |= bit;
        bit <<= 1;
    }
}

/* "cancel needs either a field job or a field target". */
static void refuse_choice(struct header *header)
{
    const struct operation *operation = header->request->operation;
    char names[128] = "";
    for (const struct field *field = operation->fields; field->name; field++)
        if (field->need == FIELD_ONE_OF)
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s a field %s",
                     names[0] ? " or" : "", field->name);
    header_fault(header, "bad-request", "%s needs either%s", operation->name, names);
}

static void check_needs(struct header *header)
{
    const struct operation *operation = header->request->operation;
    int choices = 0, chosen = 0;
    if (operation->needs_id && !field_is_given(header, &id_field))
        header_fault(header, "bad-request", "%s needs a field id", operation->name);
    for (const struct field *field = operation->fields; field && field->name; field++) {
        if (field->need == FIELD_OPTIONAL)
            continue;
        bool given = field_is_given(header, field);
        choices += field->need == FIELD_ONE_OF;
        chosen += field->need == FIELD_ONE_OF && given;
        if (field->need == FIELD_REQUIRED && !given)
            header_fault(header, "bad-request", "%s needs a field %s", operation->name,
                         field->name);
    }
    if (choices && chosen != 1)
        refuse_choice(header);
}

static void refuse_pair(struct header *header, const char *name, const char *other)
{
    header_fault(header, "bad-request", "%s takes either a field %s or a field %s, not both",
                 header->request->operation->name, name, other);
}

static void check_company(struct header *header)
{
    for (const struct field *field = header->request->operation->fields; field && field->name;
         field++) {
        const char *const *other = field_is_given(header, field) ? field->not_with : NULL;
        for (; other && *other; other++)
            if (json_object_get(header->root, *other))
                refuse_pair(header, field->name, *other);
    }
}

static void read_operation(struct header *header)
{
    struct request *request = header->request;
    check_op(header);
    if (!request->operation)
        return;
    check_version(header);
    if (request->operation->is_hello)
        list_ignored_fields(header);
    else
        refuse_unknown_fields(header);
    read_own_fields(header);
    check_needs(header);
    check_company(header);
    if (request->size && !request->operation->take)
        header_fault(header, "bad-request", "%s takes no payload; field size is %zu",
                     request->operation->name, request->size);
}

/* --- a whole request --- */

static void clear(const struct protocol *protocol)
{
    struct request *request = protocol->request;
    request->operation = NULL;
    request->size = 0;
    request->rights = RIGHT_NONE;
    request->given = 0;
    request->op.len = request->id.len = request->context.len = 0;
    request->client.len = request->token.len = request->ignored.len = 0;
    request->op.text[0] = request->id.text[0] = request->context.text[0] = '\0';
    request->client.text[0] = request->token.text[0] = request->ignored.text[0] = '\0';
    request->token_wrong = false;
    request->ignored_count = 0;
    request->code = NULL;
    request->place = NULL;
    request->owner = NULL;
    request->message[0] = '\0';
    memset(request + 1, 0,
           request->scanned ? protocol->scanned_size : protocol->request_size - sizeof *request);
    request->scanned = false;
}

static enum verdict read_header(struct header *header)
{
    struct request *request = header->request;
    load(header);
    if (request->code)
        return VERDICT_FATAL;
    read_echoed(header);
    read_size(header);
    if (request->code)
        return VERDICT_FATAL;
    read_operation(header);
    return request->code ? VERDICT_REFUSED : VERDICT_FINE;
}

enum verdict request_parse_general(const struct protocol *protocol, const char *line, size_t len,
                                   uint64_t payload_max)
{
    struct header header = {.protocol = protocol,
                            .request = protocol->request,
                            .line = line,
                            .len = len,
                            .payload_max = payload_max};
    clear(protocol);
    enum verdict verdict = read_header(&header);
    json_decref(header.root);
    return verdict;
}

enum verdict request_parse(const struct protocol *protocol, const char *line, size_t len,
                           uint64_t payload_max)
{
    clear(protocol);
    if (protocol->scan && protocol->scan(protocol->request, line, len, payload_max)) {
        protocol->request->scanned = true;
        return VERDICT_FINE;
    }
    return request_parse_general(protocol, line, len, payload_max);
}
