/*
 * fuzz_http: any bytes as an HTTP client's, for the gateway's server; llhttp reads them, too.
 *
 * A proxy before the gateway, and the gateway, must read the same requests in the same bytes. So
 * each request that the server takes is one of llhttp's, to the last byte. The server may refuse
 * what llhttp takes: for the reasons of a list, and for no other. And it makes no difference in
 * which pieces the bytes come.
 */
#include "tests/fuzz/http_trace.h"

#include "common/log.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct http_trace whole, pieces, reference;

/* Where the server is stricter than llhttp: the beginnings of its details. */
static const char *const stricter[] = {
    /* bounds of ours */
    "the body may have at most",
    "the head has over",
    "there are over 100 headers",
    "a line between the body's chunks is too long",
    /* Only CRLF ends a line; llhttp takes LF, and a CR in a value. */
    "the request line does not end with CR and LF",
    "a line does not end with CR and LF",
    "a header has a control character",
    "the body's chunks are malformed",
    /* llhttp knows folded lines, and empty lines before a request. */
    "a header line begins with white space",
    "a header line is not NAME",
    /* llhttp does not look at them, or leaves them to its program. */
    "there is no Host header",
    "there are two Host headers",
    "the Host is not NAME or NAME:PORT",
    "the target's host is not NAME or NAME:PORT",
    "the target has a character that must be escaped",
    "the target begins neither with a slash",
    "the path has a broken escape",
    "the path has a segment of dots",
    "the only Expect known here",
    "the only Transfer-Encoding known here",
    "there are two Transfer-Encoding headers",
    "HTTP/1.0 has no Transfer-Encoding",
    /* llhttp's other versions, and its other protocols. */
    "the version is neither",
    "the request line is not METHOD",
    "a problem of HEAD",
};

static bool may_be_stricter(const char *fault)
{
    for (size_t i = 0; i < sizeof stricter / sizeof *stricter; i++)
        if (strncmp(fault, stricter[i], strlen(stricter[i])) == 0)
            return true;
    return false;
}

static size_t length(const struct http_trace *trace, size_t i)
{
    return trace->starts[i + 1] - trace->starts[i];
}

/* But for the case of letters: the Host is in lower case here. */
static bool is_same(const struct http_trace *a, const struct http_trace *b, size_t i)
{
    const char *x = a->text + a->starts[i], *y = b->text + b->starts[i];
    size_t at = 0, len = length(a, i);
    while (at < len && tolower((unsigned char)x[at]) == tolower((unsigned char)y[at]))
        at++;
    return at == len && len == length(b, i);
}

static _Noreturn void fail(const char *what, size_t i)
{
    fprintf(stderr, "%s, request %zu\n--- ours (%zu, %s):\n%.*s\n--- llhttp (%zu, %s):\n%.*s\n",
            what, i, whole.count, whole.fault, (int)(whole.len), whole.text, reference.count,
            reference.fault, (int)reference.len, reference.text);
    log_bug(__FILE__, __LINE__, what);
}

static void check_pieces(void)
{
    if (whole.count != pieces.count || whole.len != pieces.len ||
        memcmp(whole.text, pieces.text, whole.len) != 0 || strcmp(whole.fault, pieces.fault) != 0)
        fail("pieces make a difference", 0);
}

/* llhttp knows a list of methods only, and no chunk extensions with a quoted text. */
static bool may_be_looser(const char *bytes, size_t len)
{
    return strcmp(reference.fault, "HPE_INVALID_METHOD") == 0 ||
           (strcmp(reference.fault, "HPE_INVALID_CHUNK_SIZE") == 0 && memchr(bytes, ';', len));
}

/* llhttp takes any byte behind the last CR of a head; we wait for the line's end, and refuse it. */
static bool waits_behind_cr(const char *bytes, size_t len)
{
    const char *cr = bytes;
    if (whole.is_closed || *whole.fault)
        return false;
    while ((cr = memchr(cr, '\r', len - (size_t)(cr - bytes))))
        if (++cr < bytes + len && *cr != '\n')
            return true;
    return false;
}

static void check_reference(const char *bytes, size_t len)
{
    for (size_t i = 0; i < whole.count; i++) {
        if (i >= reference.count && may_be_looser(bytes, len))
            return;
        if (i >= reference.count)
            fail("we take what llhttp does not", i);
        if (!is_same(&whole, &reference, i))
            fail("we read another request", i);
    }
    if (reference.count > whole.count && !may_be_stricter(whole.fault) &&
        !waits_behind_cr(bytes, len))
        fail("we refuse without a reason of the list", whole.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    log_configure((enum log_level)(LOG_ERROR + 1), LOG_TEXT);
    const char *bytes = (const char *)data + 1;
    size_t piece = 1 + data[0] % 64;
    http_subject_read(&whole, bytes, size - 1, size);
    http_subject_read(&pieces, bytes, size - 1, piece * (1 + size / 256));
    http_reference_read(&reference, bytes, size - 1);
    check_pieces();
    check_reference(bytes, size - 1);
    return 0;
}
