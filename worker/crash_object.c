/*
 * crash_object: see crash_object.h.
 *
 * The C library's _dl_find_object() finds the file of an address without a lock, also in the middle
 * of dlopen() or malloc(), and knows a module while its constructors run. Rejected: a table made
 * after each dlopen(), because it would lack modules in their constructors, and libraries loaded by
 * modules; /proc/self/maps, because a module may have used up the descriptors; the master reading
 * /proc/PID/maps, because the dying worker would have to wait for it. Path and build id are read
 * from the loader's list and the file's headers in memory.
 */
#include "crash_object.h"

#include "crash_attempt.h"

#include <dlfcn.h>
#include <elf.h>
#include <limits.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static char program[PATH_MAX];                         /* the loader has no name for it */
static const struct link_map *maps[CRASH_OBJECTS_MAX]; /* of each object in the record */

void crash_object_init(void)
{
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);

    program[len > 0 ? len : 0] = '\0';
}

#ifdef DLFO_STRUCT_HAS_EH_DBASE /* the C library has the function: glibc 2.35 */
static const struct link_map *find(uintptr_t address, const void **start)
{
    struct dl_find_object found;

    if (_dl_find_object((void *)address, &found) != 0) // NOLINT(performance-no-int-to-ptr)
        return NULL;
    *start = found.dlfo_map_start;
    return found.dlfo_link_map;
}
#else /* frames are plain addresses */
static const struct link_map *find(uintptr_t address, const void **start)
{
    (void)address;
    (void)start;
    return NULL;
}
#endif

bool crash_object_is_known(uintptr_t address)
{
    const void *start;

    return find(address, &start) != NULL;
}

/* Build id */

static bool is_build_id(const ElfW(Nhdr) * note)
{
    return note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof(ELF_NOTE_GNU) &&
           memcmp(note + 1, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0 &&
           note->n_descsz <= CRASH_BUILD_ID_MAX;
}

static size_t padded(size_t size)
{
    return (size + 3) / 4 * 4;
}

static void read_notes(struct crash_object *object, const char *notes, size_t size)
{
    size_t at = 0;

    while (size - at >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)(notes + at);
        size_t name_size = padded(note->n_namesz);
        size_t whole = sizeof(*note) + name_size + padded(note->n_descsz);
        if (whole > size - at)
            return;
        if (is_build_id(note)) {
            memcpy(object->build_id, (const char *)(note + 1) + name_size, note->n_descsz);
            object->build_id_len = note->n_descsz;
            return;
        }
        at += whole;
    }
}

/* `start`: of the file's first segment, which begins with the headers. */
static void read_build_id(struct crash_object *object, const char *start, const char *base)
{
    const ElfW(Ehdr) *header = (const void *)start;

    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return;
    const ElfW(Phdr) *segments = (const void *)(start + header->e_phoff);
    for (size_t i = 0; i < header->e_phnum && object->build_id_len == 0; i++) {
        if (segments[i].p_type == PT_NOTE)
            read_notes(object, base + segments[i].p_vaddr, segments[i].p_memsz);
    }
}

/* Path */

static void copy_path(char path[CRASH_PATH_MAX], const char *name)
{
    static const char cut[] = "...";
    size_t len = strlen(name), kept = CRASH_PATH_MAX - sizeof(cut);

    if (len < CRASH_PATH_MAX) {
        memcpy(path, name, len + 1);
    } else {
        memcpy(path, cut, sizeof(cut) - 1);
        memcpy(path + sizeof(cut) - 1, name + len - kept, kept + 1);
    }
}

/* Frames */

static uint32_t index_of(const struct crash_record *record, const struct link_map *map)
{
    uint32_t i = 0;

    while (i < record->object_count && maps[i] != map)
        i++;
    return i;
}

/* The object counts from here on, even if its path or its headers cannot be read. */
static struct crash_object *add_object(struct crash_record *record, const struct link_map *map)
{
    struct crash_object *object = &record->objects[record->object_count];

    *object = (struct crash_object){.build_id_len = 0};
    maps[record->object_count] = map;
    record->object_count++;
    return object;
}

struct resolution {
    struct crash_record *record;
    uint32_t frame;
};

static void resolve_frame(void *arg)
{
    const struct resolution *resolution = arg;
    struct crash_record *record = resolution->record;
    struct crash_frame *frame = &record->frames[resolution->frame];
    const void *start;
    const struct link_map *map = find(frame->offset, &start);
    uint32_t index = map != NULL ? index_of(record, map) : CRASH_NO_OBJECT;

    if (index >= CRASH_OBJECTS_MAX)
        return;
    frame->offset -= map->l_addr;
    frame->object = index;
    if (index < record->object_count)
        return;
    struct crash_object *object = add_object(record, map);
    copy_path(object->path, *map->l_name != '\0' ? map->l_name : program);
    read_build_id(object, start, (const char *)start + (map->l_addr - (uintptr_t)start));
}

void crash_object_resolve(struct crash_record *record)
{
    for (uint32_t i = 0; i < record->frame_count; i++) {
        struct resolution resolution = {.record = record, .frame = i};
        crash_attempt(resolve_frame, &resolution);
    }
}
