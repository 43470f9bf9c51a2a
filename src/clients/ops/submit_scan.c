/* submit_scan: see submit_scan.h. */
#include "clients/ops/submit_scan.h"

#include "base/json_scan.h"
#include "clients/ops/ops.h"
#include "common/name.h"

#include <string.h>

enum key {
    KEY_OP = 1,
    KEY_ID = 2,
    KEY_MODULE = 4,
    KEY_SIZE = 8,
    KEY_OTHER = 16,
};

static unsigned key_of(const struct json_piece *piece)
{
    if (json_piece_is(piece, "op", 2))
        return KEY_OP;
    if (json_piece_is(piece, "id", 2))
        return KEY_ID;
    if (json_piece_is(piece, "module", 6))
        return KEY_MODULE;
    if (json_piece_is(piece, "size", 4))
        return KEY_SIZE;
    return KEY_OTHER;
}

/* Copies an id, a string with its quotes. */
static bool take_id(struct json_scan *scan, struct request *request)
{
    struct json_piece piece;
    uint64_t value;
    if (scan->at < scan->end && *scan->at == '"') {
        if (!json_scan_string(scan, &piece) || piece.len < 1 || piece.len > ID_MAX)
            return false;
        piece.text--;
        piece.len += 2;
    } else if (!json_scan_number(scan, &piece, &value) || value > ID_INTEGER_MAX) {
        return false;
    }
    memcpy(request->id.text, piece.text, piece.len);
    request->id.text[piece.len] = '\0';
    request->id.len = piece.len;
    return true;
}

static bool take_module(struct json_scan *scan, struct client_request *request)
{
    struct json_piece piece;
    if (!json_scan_string(scan, &piece) || !module_name_valid(piece.text, piece.len))
        return false;
    memcpy(request->peer.module.text, piece.text, piece.len);
    request->peer.module.text[piece.len] = '\0';
    request->peer.module.len = piece.len;
    return true;
}

static bool take_value(struct json_scan *scan, unsigned key, struct client_request *request,
                       uint64_t payload_max)
{
    struct json_piece piece;
    uint64_t value;
    switch (key) {
    case KEY_OP:
        return json_scan_string(scan, &piece) && json_piece_is(&piece, "submit", 6);
    case KEY_ID:
        return take_id(scan, &request->peer.base);
    case KEY_MODULE:
        return take_module(scan, request);
    case KEY_SIZE:
        if (!json_scan_number(scan, &piece, &value) || value > payload_max)
            return false;
        request->peer.base.size = value;
        return true;
    default:
        return false;
    }
}

static bool scan_fields(struct json_scan *scan, struct client_request *request,
                        uint64_t payload_max, unsigned *seen)
{
    struct json_piece name;
    do {
        json_scan_blanks(scan);
        if (!json_scan_string(scan, &name))
            return false;
        unsigned key = key_of(&name);
        if (*seen & key || !json_scan_take(scan, ':'))
            return false;
        *seen |= key;
        json_scan_blanks(scan);
        if (!take_value(scan, key, request, payload_max))
            return false;
        json_scan_blanks(scan);
    } while (json_scan_take(scan, ','));
    return true;
}

static bool is_submit(struct json_scan *scan, struct client_request *request, uint64_t payload_max)
{
    unsigned seen = 0;
    return json_scan_take(scan, '{') && scan_fields(scan, request, payload_max, &seen) &&
           json_scan_take(scan, '}') && scan->at == scan->end && seen & KEY_OP && seen & KEY_ID;
}

bool submit_scan(struct request *request, const char *line, size_t len, uint64_t payload_max)
{
    struct json_scan scan = {line, line + len};
    if (!is_submit(&scan, (struct client_request *)request, payload_max))
        return false;
    request->operation = &client_op_submit;
    request->op.len = 8;
    memcpy(request->op.text, "\"submit\"", 9);
    return true;
}
