/* submit_scan: see submit_scan.h. */
#include "clients/ops/submit_scan.h"

#include "clients/ops/ops.h"
#include "common/name.h"

#include <limits.h>
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

/* True for printable ASCII but quote and backslash: a byte standing for itself in a string. A table
 * of bits takes twice as many instructions, five comparisons four times as many. */
static bool is_plain(char c)
{
#define ALL8 1, 1, 1, 1, 1, 1, 1, 1
#define NO8  0, 0, 0, 0, 0, 0, 0, 0
    static const bool plain[UCHAR_MAX + 1] = {
        NO8,  NO8,  NO8,  NO8,                               /* control characters */
        1,    1,    0,    1,   1, 1, 1, 1, ALL8, ALL8, ALL8, /* from blank on; no quote */
        ALL8, ALL8, ALL8, 1,   1, 1, 1, 0, 1,    1,    1,    /* from @ on; no backslash */
        ALL8, ALL8, ALL8, 1,   1, 1, 1, 1, 1,    1,    0,    /* from ` on; no DEL */
    };
#undef ALL8
#undef NO8
    return plain[(unsigned char)c];
}

/* Takes a string of plain bytes; the piece is without the quotes. */
static bool take_string(struct scan *scan, struct piece *piece)
{
    if (!take(scan, '"'))
        return false;
    const char *at = scan->at;
    while (at < scan->end && is_plain(*at))
        at++;
    piece->text = scan->at;
    piece->len = (size_t)(at - scan->at);
    scan->at = at;
    return take(scan, '"');
}

/* Takes up to 16 digits without a leading zero. */
static bool take_number(struct scan *scan, struct piece *piece, uint64_t *value)
{
    const char *at = scan->at, *end = scan->end - at > 17 ? at + 17 : scan->end;
    uint64_t sum = 0;
    while (at < end && *at >= '0' && *at <= '9')
        sum = sum * 10 + (uint64_t)(*at++ - '0');
    *value = sum;
    piece->text = scan->at;
    piece->len = (size_t)(at - scan->at);
    scan->at = at;
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

/* Copies an id, a string with its quotes. */
static bool take_id(struct scan *scan, struct request *request)
{
    struct piece piece;
    uint64_t value;
    if (scan->at < scan->end && *scan->at == '"') {
        if (!take_string(scan, &piece) || piece.len < 1 || piece.len > ID_MAX)
            return false;
        piece.text--;
        piece.len += 2;
    } else if (!take_number(scan, &piece, &value) || value > ID_INTEGER_MAX) {
        return false;
    }
    memcpy(request->id.text, piece.text, piece.len);
    request->id.text[piece.len] = '\0';
    request->id.len = piece.len;
    return true;
}

static bool take_module(struct scan *scan, struct client_request *request)
{
    struct piece piece;
    if (!take_string(scan, &piece) || !module_name_valid(piece.text, piece.len))
        return false;
    memcpy(request->module.text, piece.text, piece.len);
    request->module.text[piece.len] = '\0';
    request->module.len = piece.len;
    return true;
}

static bool take_value(struct scan *scan, unsigned key, struct client_request *request,
                       uint64_t payload_max)
{
    struct piece piece;
    uint64_t value;
    switch (key) {
    case KEY_OP:
        return take_string(scan, &piece) && piece_is(&piece, "submit", 6);
    case KEY_ID:
        return take_id(scan, &request->base);
    case KEY_MODULE:
        return take_module(scan, request);
    case KEY_SIZE:
        if (!take_number(scan, &piece, &value) || value > payload_max)
            return false;
        request->base.size = value;
        return true;
    default:
        return false;
    }
}

static bool scan_fields(struct scan *scan, struct client_request *request, uint64_t payload_max,
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

static bool is_submit(struct scan *scan, struct client_request *request, uint64_t payload_max)
{
    unsigned seen = 0;
    return take(scan, '{') && scan_fields(scan, request, payload_max, &seen) && take(scan, '}') &&
           scan->at == scan->end && seen & KEY_OP && seen & KEY_ID;
}

bool submit_scan(struct request *request, const char *line, size_t len, uint64_t payload_max)
{
    struct scan scan = {line, line + len};
    if (!is_submit(&scan, (struct client_request *)request, payload_max))
        return false;
    request->operation = &client_op_submit;
    request->op.len = 8;
    memcpy(request->op.text, "\"submit\"", 9);
    return true;
}
