/* request_scan: see request_scan.h. */
#include "protocol/request_scan.h"

#include "common/module_name.h"

#include <string.h>

struct scan {
    const char *at, *end;
};

enum key {
    KEY_OP = 1,
    KEY_ID = 2,
    KEY_MODULE = 4,
    KEY_SIZE = 8,
    KEY_OTHER = 16,
};

struct piece {
    const char *text;
    size_t len;
};

static bool take(struct scan *scan, char c)
{
    if (scan->at == scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

static void skip_blanks(struct scan *scan)
{
    while (scan->at < scan->end && *scan->at == ' ')
        scan->at++;
}

/* A string of printable ASCII without escapes; the piece leaves the quotes out. */
static bool take_string(struct scan *scan, struct piece *piece)
{
    if (!take(scan, '"'))
        return false;
    piece->text = scan->at;
    while (scan->at < scan->end && *scan->at >= 0x20 && *scan->at < 0x7f && *scan->at != '"' &&
           *scan->at != '\\')
        scan->at++;
    piece->len = (size_t)(scan->at - piece->text);
    return take(scan, '"');
}

/* Up to 16 digits, no leading zero. */
static bool take_number(struct scan *scan, struct piece *piece, uint64_t *value)
{
    piece->text = scan->at;
    *value = 0;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9' &&
           scan->at - piece->text < 17)
        *value = *value * 10 + (uint64_t)(*scan->at++ - '0');
    piece->len = (size_t)(scan->at - piece->text);
    return piece->len == 1 || (piece->len >= 2 && piece->len <= 16 && *piece->text != '0');
}

static bool piece_is(const struct piece *piece, const char *word, size_t len)
{
    return piece->len == len && memcmp(piece->text, word, len) == 0;
}

static unsigned key_of(const struct piece *piece)
{
    if (piece_is(piece, "op", 2))
        return KEY_OP;
    if (piece_is(piece, "id", 2))
        return KEY_ID;
    if (piece_is(piece, "module", 6))
        return KEY_MODULE;
    if (piece_is(piece, "size", 4))
        return KEY_SIZE;
    return KEY_OTHER;
}

static bool take_id(struct scan *scan, struct request *request)
{
    struct piece piece;
    uint64_t value;
    if (scan->at < scan->end && *scan->at == '"') {
        if (!take_string(scan, &piece) || piece.len < 1 || piece.len > ID_MAX)
            return false;
        piece.text--; /* with its quotes */
        piece.len += 2;
    } else if (!take_number(scan, &piece, &value) || value > ID_INTEGER_MAX) {
        return false;
    }
    memcpy(request->id, piece.text, piece.len);
    request->id[piece.len] = '\0';
    request->id_len = piece.len;
    return true;
}

static bool take_module(struct scan *scan, struct request *request)
{
    struct piece piece;
    if (!take_string(scan, &piece) || !module_name_valid(piece.text, piece.len))
        return false;
    memcpy(request->module, piece.text, piece.len);
    request->module[piece.len] = '\0';
    request->module_len = piece.len;
    return true;
}

static bool take_value(struct scan *scan, unsigned key, struct request *request,
                       uint64_t payload_max)
{
    struct piece piece;
    uint64_t value;
    switch (key) {
    case KEY_OP:
        return take_string(scan, &piece) && piece_is(&piece, "submit", 6);
    case KEY_ID:
        return take_id(scan, request);
    case KEY_MODULE:
        return take_module(scan, request);
    case KEY_SIZE:
        if (!take_number(scan, &piece, &value) || value > payload_max)
            return false;
        request->size = value;
        return true;
    default:
        return false;
    }
}

static bool scan_fields(struct scan *scan, struct request *request, uint64_t payload_max,
                        unsigned *seen)
{
    struct piece name;
    do {
        skip_blanks(scan);
        if (!take_string(scan, &name))
            return false;
        unsigned key = key_of(&name);
        if (*seen & key || !take(scan, ':'))
            return false;
        *seen |= key;
        skip_blanks(scan);
        if (!take_value(scan, key, request, payload_max))
            return false;
        skip_blanks(scan);
    } while (take(scan, ','));
    return true;
}

bool request_scan(struct request *request, const char *line, size_t len, uint64_t payload_max)
{
    struct scan scan = {line, line + len};
    unsigned seen = 0;
    bool fine = take(&scan, '{') && scan_fields(&scan, request, payload_max, &seen) &&
                take(&scan, '}') && scan.at == scan.end && seen & KEY_OP && seen & KEY_ID;
    if (!fine) {
        request->size = request->id_len = request->module_len = 0;
        request->id[0] = request->module[0] = '\0';
        return false;
    }
    request->op = OP_SUBMIT;
    memcpy(request->op_text, "\"submit\"", 9);
    return true;
}
