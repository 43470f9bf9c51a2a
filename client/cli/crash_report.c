/* crash_report: see crash_report.h. */
#include "crash_report.h"

#include "allocate.h"
#include "client/lib/clean.h"
#include "common/system_object.h"
#include "crash_code.h"
#include "symbols.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAME_MAX = 64, /* the protocol's */
    PLACE_MAX = 16, /* functions shown for a frame */
};

/* One frame as received. */
struct frame {
    const char *object; /* "": unknown */
    const char *build_id;
    uint64_t offset;
    bool has_offset;
    size_t number;
};

/* A text in the making. */
struct writer {
    FILE *out;
    char *text;
    size_t len;
    struct symbols *symbols;
};

static void begin(struct writer *writer)
{
    writer->out = open_memstream(&writer->text, &writer->len);
    if (!writer->out)
        allocate_failed();
    writer->symbols = symbols_new();
}

/* Returns the text, the caller's. */
static char *finish(struct writer *writer)
{
    symbols_free(writer->symbols);
    if (fclose(writer->out) != 0)
        allocate_failed();
    return writer->text;
}

/* Writes a part of a line, without control characters. */
__attribute__((format(printf, 2, 3))) static void put(FILE *out, const char *fmt, ...)
{
    char *text;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0)
        allocate_failed();
    tmc_clean(text);
    fputs(text, out);
    free(text);
}

const char *crash_report_member(const json_t *crash, const char *name)
{
    const char *text = json_string_value(json_object_get(crash, name));
    return text ? text : "";
}

const json_t *crash_report_find(const json_t *value)
{
    const json_t *crash = json_object_get(value, "crash");
    if (json_is_object(crash))
        return crash;
    return json_is_array(json_object_get(value, "backtrace")) ? value : NULL;
}

/* "0x11a9", or the number 4521. */
static bool read_offset(const json_t *value, uint64_t *offset)
{
    const char *text = json_string_value(value);
    char *end = NULL;
    if (json_is_integer(value)) {
        *offset = (uint64_t)json_integer_value(value);
        return json_integer_value(value) >= 0;
    }
    if (!text || *text < '0' || *text > '9')
        return false;
    *offset = strtoull(text, &end, 0);
    return *end == '\0';
}

static struct frame read_frame(const json_t *backtrace, size_t number)
{
    const json_t *value = json_array_get(backtrace, number);
    struct frame frame = {.number = number, .object = crash_report_member(value, "object")};
    const char *build_id = crash_report_member(value, "build_id");
    frame.build_id = *build_id ? build_id : NULL;
    frame.has_offset = read_offset(json_object_get(value, "offset"), &frame.offset);
    return frame;
}

static size_t count_frames(const json_t *crash)
{
    size_t count = json_array_size(json_object_get(crash, "backtrace"));
    return count < FRAME_MAX ? count : FRAME_MAX;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_system(const struct frame *frame)
{
    return system_object(base_name(frame->object));
}

static size_t find_places(struct symbols *symbols, const struct frame *frame,
                          struct symbols_place *places, size_t max)
{
    if (!*frame->object || !frame->has_offset)
        return 0;
    struct symbols_object *object = symbols_open(symbols, frame->object, frame->build_id);
    return symbols_find(object, frame->offset, places, max);
}

static void put_place(FILE *out, const struct frame *frame, const struct symbols_place *place)
{
    put(out, "%.512s ()", place->function);
    if (place->file)
        put(out, " at %.1024s:%d", place->file, place->line);
    put(out, " (%.256s)", base_name(frame->object));
    if (place->inlined)
        fputs(" [inlined]", out);
}

/* A frame without names. */
static void put_address(FILE *out, const struct frame *frame)
{
    fputs("??", out);
    if (*frame->object && frame->has_offset)
        put(out, " (%.1024s+0x%" PRIx64 ")", frame->object, frame->offset);
    else if (*frame->object)
        put(out, " (%.1024s)", frame->object);
}

static void put_number(FILE *out, const struct frame *frame)
{
    fprintf(out, "#%zu ", frame->number);
    if (frame->has_offset)
        fprintf(out, "0x%" PRIx64 " ", frame->offset);
}

static void put_frame(struct writer *writer, const struct frame *frame)
{
    struct symbols_place places[PLACE_MAX];
    size_t count = find_places(writer->symbols, frame, places, PLACE_MAX);
    for (size_t i = 0; i < count; i++) {
        put_number(writer->out, frame);
        put_place(writer->out, frame, &places[i]);
        fputc('\n', writer->out);
    }
    if (count == 0) {
        put_number(writer->out, frame);
        put_address(writer->out, frame);
        fputc('\n', writer->out);
    }
}

/* A number may stand in the place of a text. */
static void put_detail(FILE *out, const json_t *crash, const char *name, const char **separator)
{
    const json_t *value = json_object_get(crash, name);
    if (json_is_integer(value))
        put(out, "%s %s %" JSON_INTEGER_FORMAT, *separator, name, json_integer_value(value));
    else if (json_string_length(value) > 0)
        put(out, "%s %s %.64s", *separator, name, json_string_value(value));
    else
        return;
    *separator = ",";
}

static void put_head(FILE *out, const json_t *crash)
{
    const char *signal = crash_report_member(crash, "signal");
    const char *code = crash_report_member(crash, "code"), *words = crash_code_words(code);
    const char *separator = words ? ";" : *code ? "," : ":";
    put(out, "%.32s", *signal ? signal : "an unknown signal");
    if (*code)
        put(out, " (%.32s)", code);
    if (words)
        put(out, ": %s", words);
    put_detail(out, crash, "address", &separator);
    put_detail(out, crash, "thread", &separator);
    put_detail(out, crash, "fingerprint", &separator);
    fputc('\n', out);
}

/* Says why frames of an object have no names, once for each object. */
static void put_fault(struct writer *writer, const json_t *backtrace, const struct frame *frame)
{
    struct symbols_place place;
    for (size_t i = 0; i < frame->number; i++)
        if (strcmp(read_frame(backtrace, i).object, frame->object) == 0)
            return;
    if (!*frame->object)
        return;
    const char *fault =
        symbols_fault(symbols_open(writer->symbols, frame->object, frame->build_id));
    if (*fault)
        put(writer->out, "no names for %.1024s: it %.256s", frame->object, fault);
    else if (frame->has_offset && !is_system(frame) &&
             find_places(writer->symbols, frame, &place, 1) == 0)
        put(writer->out, "no names for %.1024s: it has no symbol there", frame->object);
    else
        return;
    fputc('\n', writer->out);
}

/* Returns the number of the last frame of those equal to this one: a recursion has many. */
static size_t last_equal(const json_t *backtrace, size_t number, size_t count)
{
    while (number + 1 < count &&
           json_equal(json_array_get(backtrace, number), json_array_get(backtrace, number + 1)))
        number++;
    return number;
}

static void put_frames(struct writer *writer, const json_t *backtrace, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct frame frame = read_frame(backtrace, i);
        put_frame(writer, &frame);
        size_t last = last_equal(backtrace, i, count);
        if (last > i + 1) {
            fprintf(writer->out, "#%zu to #%zu as #%zu\n", i + 1, last, i);
            i = last;
        }
    }
}

static void put_crash(struct writer *writer, const json_t *crash)
{
    const json_t *backtrace = json_object_get(crash, "backtrace");
    size_t count = count_frames(crash);
    put_head(writer->out, crash);
    put_frames(writer, backtrace, count);
    for (size_t i = 0; i < count; i++) {
        struct frame frame = read_frame(backtrace, i);
        put_fault(writer, backtrace, &frame);
    }
}

char *crash_report_text(const json_t *crash, size_t *len)
{
    struct writer writer;
    begin(&writer);
    put_crash(&writer, crash);
    char *text = finish(&writer);
    *len = writer.len;
    return text;
}

static void put_top(struct writer *writer, const struct frame *frame)
{
    struct symbols_place place;
    if (find_places(writer->symbols, frame, &place, 1) > 0)
        put_place(writer->out, frame, &place);
    else
        put_address(writer->out, frame);
}

char *crash_report_top(const json_t *crash)
{
    const json_t *backtrace = json_object_get(crash, "backtrace");
    struct writer writer;
    size_t i = 0, count = count_frames(crash);
    struct frame frame = read_frame(backtrace, 0);
    while (i < count && is_system(&frame))
        frame = read_frame(backtrace, ++i);
    if (i == count)
        return NULL;
    begin(&writer);
    put_top(&writer, &frame);
    return finish(&writer);
}
