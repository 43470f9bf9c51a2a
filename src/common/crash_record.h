/*
 * crash_record: what a crashing worker leaves in the memory shared with its master.
 *
 * The worker's handler fills in the record from its beginning, so that a handler that fails
 * half-way still leaves the facts up to there. The record counts only if the worker then dies by
 * `signal`. A broken worker can write anything here: the master copies the record and checks it
 * before use.
 */
#ifndef TASKMASTER_COMMON_CRASH_RECORD_H
#define TASKMASTER_COMMON_CRASH_RECORD_H

#include <stdint.h>

enum {
    CRASH_FRAMES_MAX = 64,
    CRASH_OBJECTS_MAX = 32,
    CRASH_PATH_MAX = 256,    /* bytes of an object's path, the NUL included */
    CRASH_BUILD_ID_MAX = 32, /* bytes */
    CRASH_THREAD_MAX = 16,   /* bytes of a thread's name, the NUL included */
    CRASH_NO_OBJECT = CRASH_OBJECTS_MAX,
};

/* A file mapped into the worker. */
struct crash_object {
    char path[CRASH_PATH_MAX]; /* of a longer path the end, behind "..." */
    uint32_t build_id_len;     /* 0: the file has none */
    uint8_t build_id[CRASH_BUILD_ID_MAX];
};

struct crash_frame {
    uint64_t offset; /* in the object, as addr2line(1) expects; without an object, the address */
    uint32_t object; /* index of the object, or CRASH_NO_OBJECT */
};

struct crash_record {
    uint32_t signal; /* 0: no crash */
    int32_t code;    /* si_code */
    uint64_t address;
    char thread[CRASH_THREAD_MAX]; /* "main", or the name of another thread */
    uint32_t frame_count;
    uint32_t object_count;
    struct crash_frame frames[CRASH_FRAMES_MAX]; /* the innermost first */
    struct crash_object objects[CRASH_OBJECTS_MAX];
};

#endif
