/* effects: see effects.h. The dynamic section of an object lists the needed objects and the
 * imports. On most machines, but not on all, the loader has turned the offsets there into
 * addresses. */
#include "effects.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { OBJECTS_MAX = 256 };

/* Libraries that change nothing of the process on their own: the compilers' libraries, and
 * jansson. */
static const char *const tame[] = {"libgcc_s.so.",  "libstdc++.so.", "libc++.so.",
                                   "libc++abi.so.", "libm.so.",      "libatomic.so.",
                                   "libjansson.so."};

struct object {
    uintptr_t base;
    const ElfW(Phdr) * segments;
    size_t segment_count;
    bool visited;
    bool worker; /* loaded before any module */
    const char *strings;
    const char *name;
    const ElfW(Sym) * symbols;
    const uint32_t *hash;
    const uint32_t *gnu_hash;
    const ElfW(Dyn) * dynamic;
};

static struct object objects[OBJECTS_MAX]; /* too large for a stack */
static size_t object_count;                /* may exceed OBJECTS_MAX */

static uintptr_t worker_bases[OBJECTS_MAX];
static size_t worker_count;

static bool is_workers(uintptr_t base)
{
    for (size_t i = 0; i < worker_count; i++) {
        if (worker_bases[i] == base)
            return true;
    }
    return false;
}

/* Gathering */

static const void *at(const struct object *object, uintptr_t pointer)
{
    return (const void *)(pointer < object->base ? object->base + pointer : pointer);
}

static void read_dynamic(struct object *object)
{
    uintptr_t name = 0;

    for (const ElfW(Dyn) *entry = object->dynamic; entry->d_tag != DT_NULL; entry++) {
        uintptr_t value = entry->d_un.d_val;
        if (entry->d_tag == DT_STRTAB)
            object->strings = at(object, value);
        else if (entry->d_tag == DT_SYMTAB)
            object->symbols = at(object, value);
        else if (entry->d_tag == DT_HASH)
            object->hash = at(object, value);
        else if (entry->d_tag == DT_GNU_HASH)
            object->gnu_hash = at(object, value);
        else if (entry->d_tag == DT_SONAME)
            name = value;
    }
    if (name != 0 && object->strings != NULL)
        object->name = object->strings + name;
}

static int gather(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    if (object_count++ >= OBJECTS_MAX)
        return 0;
    struct object *object = &objects[object_count - 1];
    const char *slash = strrchr(info->dlpi_name, '/');
    *object = (struct object){.base = info->dlpi_addr,
                              .segments = info->dlpi_phdr,
                              .segment_count = info->dlpi_phnum,
                              .worker = is_workers(info->dlpi_addr),
                              .name = slash != NULL ? slash + 1 : info->dlpi_name};
    for (size_t i = 0; i < object->segment_count && !object->worker; i++) {
        const ElfW(Phdr) *segment = &object->segments[i];
        if (segment->p_type == PT_DYNAMIC)
            object->dynamic = (const ElfW(Dyn) *)(object->base + segment->p_vaddr);
    }
    if (object->dynamic != NULL)
        read_dynamic(object);
    return 0;
}

static void gather_all(void)
{
    object_count = 0;
    dl_iterate_phdr(gather, NULL);
}

void effects_init(void)
{
    if (worker_count > 0)
        return;
    gather_all();
    worker_count = object_count < OBJECTS_MAX ? object_count : OBJECTS_MAX;
    for (size_t i = 0; i < worker_count; i++)
        worker_bases[i] = objects[i].base;
}

/* Looking */

/* Returns the index behind the last import in the table of symbols, or 0 if it is not known. In a
 * table with a GNU hash, exported symbols follow the imports; without any export, the hash does not
 * tell where. */
static size_t symbols_end(const struct object *object)
{
    if (object->hash != NULL)
        return object->hash[1];
    const uint32_t *gnu = object->gnu_hash;
    if (gnu == NULL || gnu[1] < 1)
        return 0;
    const uint32_t *buckets = gnu + 4 + gnu[2] * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
    for (size_t i = 0; i < gnu[0]; i++) {
        if (buckets[i] != 0)
            return gnu[1];
    }
    return 0;
}

static unsigned effects_of_imports(const struct object *object)
{
    size_t end = symbols_end(object);
    unsigned effects = 0;

    if (end == 0 || object->symbols == NULL || object->strings == NULL)
        return EFFECT_ALL;
    for (size_t i = 1; i < end; i++) {
        const ElfW(Sym) *symbol = &object->symbols[i];
        if (symbol->st_shndx == SHN_UNDEF)
            effects |= effects_of_function(object->strings + symbol->st_name);
    }
    return effects;
}

#if defined(__x86_64__)
static const char call_instruction[] = "\x0f\x05"; /* syscall */
#elif defined(__aarch64__)
static const char call_instruction[] = "\x01\x00\x00\xd4"; /* svc #0 */
#else
static const char call_instruction[] = ""; /* matches any code: EFFECT_ALL */
#endif

/* May also match inside another instruction. The module then costs more, and no harm is done. */
static bool has_system_call(const struct object *object)
{
    for (size_t i = 0; i < object->segment_count; i++) {
        const ElfW(Phdr) *segment = &object->segments[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0 &&
            (segment->p_flags & PF_R) != 0 &&
            memmem((const void *)(object->base + segment->p_vaddr), segment->p_filesz,
                   call_instruction, sizeof(call_instruction) - 1) != NULL)
            return true;
    }
    return false;
}

static bool is_tame(const struct object *object)
{
    for (size_t i = 0; i < sizeof(tame) / sizeof(tame[0]); i++) {
        if (strncmp(object->name, tame[i], strlen(tame[i])) == 0)
            return true;
    }
    return false;
}

static struct object *find(const char *name)
{
    for (size_t i = 0; i < object_count; i++) {
        if (strcmp(objects[i].name, name) == 0)
            return &objects[i];
    }
    return NULL;
}

static bool is_of_libc(const char *name)
{
    return strncmp(name, "libc.so.", 8) == 0 || strncmp(name, "ld-linux", 8) == 0;
}

/* Returns the effects of the object and of its needed objects; the loader has loaded them all. */
static unsigned visit(struct object *object)
{
    if (object->visited || object->worker || is_tame(object))
        return 0;
    object->visited = true;
    if (object->dynamic == NULL)
        return EFFECT_ALL;
    unsigned effects = effects_of_imports(object);
    if (effects != EFFECT_ALL && has_system_call(object))
        effects = EFFECT_ALL;
    for (const ElfW(Dyn) *entry = object->dynamic; entry->d_tag != DT_NULL && effects != EFFECT_ALL;
         entry++) {
        if (entry->d_tag != DT_NEEDED)
            continue;
        const char *name = object->strings + entry->d_un.d_val;
        struct object *needed = find(name);
        if (needed != NULL)
            effects |= visit(needed);
        else if (!is_of_libc(name))
            effects = EFFECT_ALL;
    }
    return effects;
}

unsigned effects_of_module(void *object)
{
    struct link_map *map;

    gather_all();
    if (object_count > OBJECTS_MAX || dlinfo(object, RTLD_DI_LINKMAP, &map) != 0)
        return EFFECT_ALL;
    for (size_t i = 0; i < object_count; i++) {
        if (objects[i].base == map->l_addr)
            return visit(&objects[i]);
    }
    return EFFECT_ALL;
}
