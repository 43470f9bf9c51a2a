/* json_hint: see json_hint.h. */
#include "config/json_hint.h"

#include "common/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LEN = sizeof "<U+10FFFF>" };

const char *json_hint_foreign(const char *text, size_t len)
{
    static const struct {
        const char *start, *words;
    } foreign[] = {
        {"\xef\xbb\xbf",
         "found a byte order mark (U+FEFF, the bytes ef bb bf) in front of the JSON; "
         "save the file as UTF-8 without one"},
        {"\xff\xfe", "found UTF-16 (its mark, the bytes ff fe); save the file as UTF-8"},
        {"\xfe\xff", "found UTF-16 (its mark, the bytes fe ff); save the file as UTF-8"},
        {"\x1f\x8b", "found a file that is compressed (gzip)"},
    };
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        size_t start_len = strlen(foreign[i].start);
        if (len >= start_len && memcmp(text, foreign[i].start, start_len) == 0)
            return foreign[i].words;
    }
    return NULL;
}

/* Of well-formed UTF-8. */
static uint32_t code_point(const char *text, size_t len)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (unsigned char)text[0] & masks[len];
    for (size_t i = 1; i < len; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}

/* Blanks outside ASCII, joiners, marks of direction and of byte order. */
static bool is_invisible(uint32_t code)
{
    return code == 0xa0 || code == 0xad || code == 0x1680 || (code >= 0x2000 && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202f) || (code >= 0x205f && code <= 0x206f) ||
           code == 0x3000 || code == 0xfeff;
}

/* Quotes written by word processors instead of ". */
static bool is_quote(uint32_t code)
{
    return code == 0xab || code == 0xbb || (code >= 0x2018 && code <= 0x201f);
}

/* Names the character before `end`, if it is not ASCII: the parser stopped behind it. */
static const char *odd_character(const char *text, size_t end)
{
    static char words[80];
    size_t at = end;
    while (at > 0 && end - at < UTF8_MAX && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
        at--;
    if (at == 0 || at == end || utf8_length(text + at - 1, end - at + 1) != end - at + 1)
        return "";
    uint32_t code = code_point(text + at - 1, end - at + 1);
    snprintf(words, sizeof words, "; the character is U+%04X%s", code,
             is_invisible(code) ? ", which is not seen"
             : is_quote(code)   ? ", and JSON's quote is \""
                                : "");
    return words;
}

const char *json_hint_syntax(const char *text, const json_error_t *syntax)
{
    size_t at = (size_t)syntax->position, len = strlen(text);
    if (strncmp(syntax->text, "unable to decode", strlen("unable to decode")) == 0)
        return "; the file is not UTF-8";
    if (strstr(syntax->text, "near '/'"))
        return "; a comment begins with // or #, and ends with its line";
    if (at < 1 || at > len)
        return "";
    if (text[at - 1] != '}' && text[at - 1] != ']')
        return odd_character(text, at);
    for (at--; at > 0 && strchr(" \t\r\n", text[at - 1]); at--)
        ;
    return at > 0 && text[at - 1] == ',' ? "; JSON has no comma behind the last item" : "";
}

void json_hint_show_invisible(char *text, size_t size)
{
    size_t len = strlen(text), width;
    for (size_t at = 0; at < len; at += width) {
        width = utf8_length(text + at, len - at);
        if (width < 2) {
            width = 1;
            continue;
        }
        char name[NAME_MAX_LEN];
        uint32_t code = code_point(text + at, width);
        if (!is_invisible(code))
            continue;
        size_t name_len = (size_t)snprintf(name, sizeof name, "<U+%04X>", code);
        if (len - width + name_len >= size)
            return;
        memmove(text + at + name_len, text + at + width, len - at - width + 1);
        memcpy(text + at, name, name_len);
        len += name_len - width;
        width = name_len;
    }
}
