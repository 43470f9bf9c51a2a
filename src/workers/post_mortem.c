/*
 * post_mortem: see post_mortem.h.
 *
 * The fingerprint is FNV-1a over module, signal and the three innermost frames outside the C
 * library and the loader, each by its file's name and its offset: the same in every process and on
 * every machine with these builds. Frames without a file have random addresses, and only count as
 * such.
 */
#include "workers/post_mortem.h"

#include "base/json_text.h"
#include "base/signal_code.h"
#include "base/signal_name.h"
#include "common/system_object.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum {
    FINGERPRINT_FRAMES = 3,
    NUMBER_MAX = 19, /* bytes of "0x" and 64 bits in hex, the NUL included */
};

/* --- reading --- */

static uint32_t at_most(uint32_t value, uint32_t max)
{
    return value < max ? value : max;
}

/* A broken worker can have written anything. */
static void check(struct crash_record *record)
{
    record->frame_count = at_most(record->frame_count, CRASH_FRAMES_MAX);
    record->object_count = at_most(record->object_count, CRASH_OBJECTS_MAX);
    record->thread[CRASH_THREAD_MAX - 1] = '\0';
    for (uint32_t i = 0; i < record->object_count; i++) {
        record->objects[i].path[CRASH_PATH_MAX - 1] = '\0';
        if (record->objects[i].build_id_len > CRASH_BUILD_ID_MAX)
            record->objects[i].build_id_len = 0;
    }
    for (uint32_t i = 0; i < record->frame_count; i++)
        if (record->frames[i].object >= record->object_count)
            record->frames[i].object = CRASH_NO_OBJECT;
}

/* --- frames --- */

static const struct crash_object *object_of(const struct crash_record *record,
                                            const struct crash_frame *frame)
{
    return frame->object == CRASH_NO_OBJECT ? NULL : &record->objects[frame->object];
}

static const char *path_of(const struct crash_record *record, const struct crash_frame *frame)
{
    const struct crash_object *object = object_of(record, frame);
    return object ? object->path : "";
}

static const char *name_of(const struct crash_record *record, const struct crash_frame *frame)
{
    const char *path = path_of(record, frame), *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* --- fingerprint --- */

/* The NUL counts, so that two texts are not the same as one. */
static uint32_t hash_text(uint32_t hash, const char *text)
{
    do
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    while (*text++);
    return hash;
}

static uint32_t hash_frame(uint32_t hash, const struct crash_record *record,
                           const struct crash_frame *frame)
{
    char offset[NUMBER_MAX] = "";
    if (object_of(record, frame))
        snprintf(offset, sizeof offset, "%#" PRIx64, frame->offset);
    return hash_text(hash_text(hash, name_of(record, frame)), offset);
}

static uint32_t fingerprint_of(const struct crash_record *record, const char *module)
{
    uint32_t hash = hash_text(hash_text(2166136261u, module), signal_name((int)record->signal));
    int taken = 0;
    for (uint32_t i = 0; i < record->frame_count && taken < FINGERPRINT_FRAMES; i++) {
        if (system_object(name_of(record, &record->frames[i])))
            continue;
        hash = hash_frame(hash, record, &record->frames[i]);
        taken++;
    }
    return hash;
}

void post_mortem_read(struct post_mortem *crash, const struct worker_shared *shared, int status,
                      const char *module)
{
    crash->exists = WIFSIGNALED(status) && shared->crash.signal == (uint32_t)WTERMSIG(status);
    if (!crash->exists)
        return;
    memcpy(&crash->record, &shared->crash, sizeof crash->record);
    crash->record.signal = (uint32_t)WTERMSIG(status);
    check(&crash->record);
    snprintf(crash->module, sizeof crash->module, "%s", module);
    crash->fingerprint = fingerprint_of(&crash->record, module);
}

/* --- words --- */

const char *post_mortem_fingerprint(const struct post_mortem *crash,
                                    char text[POST_MORTEM_FINGERPRINT_MAX])
{
    snprintf(text, POST_MORTEM_FINGERPRINT_MAX, "%08" PRIx32, crash->fingerprint);
    return text;
}

const char *post_mortem_top(const struct post_mortem *crash, char text[POST_MORTEM_FRAME_MAX])
{
    const struct crash_record *record = &crash->record;
    const struct crash_frame *frame = record->frames;
    if (!record->frame_count)
        return NULL;
    for (uint32_t i = 0; i < record->frame_count; i++) {
        const char *name = name_of(record, &record->frames[i]);
        if (*name && !system_object(name)) {
            frame = &record->frames[i];
            break;
        }
    }
    snprintf(text, POST_MORTEM_FRAME_MAX, "%s+0x%" PRIx64, name_of(record, frame), frame->offset);
    return text;
}

static json_t *number_json(uint64_t number)
{
    char text[NUMBER_MAX];
    snprintf(text, sizeof text, "0x%" PRIx64, number);
    return json_string(text);
}

static json_t *build_id_json(const struct crash_object *object)
{
    char text[2 * CRASH_BUILD_ID_MAX + 1] = "";
    for (uint32_t i = 0; object && i < object->build_id_len; i++)
        snprintf(text + (size_t)2 * i, 3, "%02x", object->build_id[i]);
    return json_string(text);
}

static json_t *frame_json(const struct crash_record *record, const struct crash_frame *frame)
{
    const char *path = path_of(record, frame);
    return json_pack("{s:o, s:o, s:o}", "object", json_text(path, strlen(path)), "offset",
                     number_json(frame->offset), "build_id",
                     build_id_json(object_of(record, frame)));
}

json_t *post_mortem_json(const struct post_mortem *crash)
{
    const struct crash_record *record = &crash->record;
    const int signo = (int)record->signal;
    char fingerprint[POST_MORTEM_FINGERPRINT_MAX];
    json_t *json = json_object(), *frames = json_array();
    json_object_set_new(json, "signal", json_string(signal_name(signo)));
    json_object_set_new(json, "code", json_string(signal_code_name(signo, record->code)));
    if (signal_code_has_address(signo, record->code))
        json_object_set_new(json, "address", number_json(record->address));
    json_object_set_new(json, "thread", json_text(record->thread, strlen(record->thread)));
    json_object_set_new(json, "fingerprint",
                        json_string(post_mortem_fingerprint(crash, fingerprint)));
    for (uint32_t i = 0; i < record->frame_count; i++)
        json_array_append_new(frames, frame_json(record, &record->frames[i]));
    json_object_set_new(json, "backtrace", frames);
    return json;
}
