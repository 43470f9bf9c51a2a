/* symbols: see symbols.h. */
#include "symbols.h"

#include "allocate.h"
#include "object_file.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

struct symbols_object {
    struct object_file file;
    char *path, *build_id; /* owned; the latter may be NULL */
    struct symbols_object *next;
};

struct symbols {
    struct symbols_object *objects; /* owned */
};

/* The places found so far, and the source line of the next one. */
struct finding {
    struct symbols_place *places;
    size_t count, max;
    Dwarf_Die unit; /* the compilation unit */
    const char *file;
    int line;
};

struct symbols *symbols_new(void)
{
    struct symbols *symbols = allocate(NULL, sizeof *symbols);
    symbols->objects = NULL;
    return symbols;
}

void symbols_free(struct symbols *symbols)
{
    struct symbols_object *object;
    while ((object = symbols->objects)) {
        symbols->objects = object->next;
        object_file_close(&object->file);
        free(object->path);
        free(object->build_id);
        free(object);
    }
    free(symbols);
}

/* NULL is allowed. */
static char *copy(const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    return memcpy(allocate(NULL, size), text, size);
}

static bool equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

struct symbols_object *symbols_open(struct symbols *symbols, const char *path, const char *build_id)
{
    struct symbols_object *object;
    for (object = symbols->objects; object; object = object->next)
        if (equal(object->path, path) && equal(object->build_id, build_id))
            return object;
    object = allocate(NULL, sizeof *object);
    *object = (struct symbols_object){
        .path = copy(path), .build_id = copy(build_id), .next = symbols->objects};
    object_file_open(&object->file, path, build_id);
    symbols->objects = object;
    return object;
}

const char *symbols_fault(const struct symbols_object *object)
{
    return object->file.fault;
}

/* Finds the compilation unit around the address. clang writes no table of addresses: then look at
 * each unit. */
static bool find_unit(Dwfl_Module *module, Dwarf_Addr address, Dwarf_Die *unit, Dwarf_Addr *bias)
{
    Dwarf_Die *found = dwfl_module_addrdie(module, address, bias);
    if (!found)
        while ((found = dwfl_module_nextcu(module, found, bias)) &&
               dwarf_haspc(found, address - *bias) != 1)
            ;
    if (found)
        *unit = *found;
    return found != NULL;
}

static const char *text_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

/* Returns the number, or 0 if there is none. */
static Dwarf_Word number_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word number = 0;
    if (dwarf_formudata(dwarf_attr_integrate(die, name, &attribute), &number) != 0)
        return 0;
    return number;
}

/* Leaves out the compiler's directory, as gdb does. */
static void set_file(struct finding *finding, const char *file)
{
    const char *folder = text_of(&finding->unit, DW_AT_comp_dir);
    size_t len = folder ? strlen(folder) : 0;
    if (file && len > 0 && strncmp(file, folder, len) == 0 && file[len] == '/')
        file += len + 1;
    finding->file = file;
}

static void set_line_of_address(struct finding *finding, Dwarf_Addr pc)
{
    Dwarf_Line *line = dwarf_getsrc_die(&finding->unit, pc);
    if (!line)
        return;
    set_file(finding, dwarf_linesrc(line, NULL, NULL));
    dwarf_lineno(line, &finding->line);
}

/* The place of the call of an inlined function. */
static void set_line_of_call(struct finding *finding, Dwarf_Die *inlined)
{
    Dwarf_Files *files;
    size_t count, file = number_of(inlined, DW_AT_call_file);
    finding->file = NULL;
    finding->line = (int)number_of(inlined, DW_AT_call_line);
    if (dwarf_getsrcfiles(&finding->unit, &files, &count) == 0 && file < count)
        set_file(finding, dwarf_filesrc(files, file, NULL, NULL));
}

static void add(struct finding *finding, const char *function, bool inlined)
{
    if (finding->count == finding->max)
        return;
    finding->places[finding->count++] = (struct symbols_place){
        .function = function ? function : "??",
        .file = finding->file,
        .line = finding->line,
        .inlined = inlined,
    };
}

/* Adds the functions around the address, from the innermost scope outwards. */
static void add_functions(struct finding *finding, Dwarf_Die *scopes, int count)
{
    for (int i = 0; i < count; i++) {
        int tag = dwarf_tag(&scopes[i]);
        if (tag == DW_TAG_inlined_subroutine) {
            add(finding, text_of(&scopes[i], DW_AT_name), true);
            set_line_of_call(finding, &scopes[i]);
        } else if (tag == DW_TAG_subprogram) {
            add(finding, text_of(&scopes[i], DW_AT_name), false);
            return;
        }
    }
}

/* The scopes around an address are those of the text for an inlined function. Those of the
 * innermost one are the calls. */
static void find_functions(struct finding *finding, Dwarf_Addr pc)
{
    Dwarf_Die *scopes = NULL, *calls = NULL;
    if (dwarf_getscopes(&finding->unit, pc, &scopes) > 0) {
        int count = dwarf_getscopes_die(&scopes[0], &calls);
        add_functions(finding, calls, count);
    }
    free(calls);
    free(scopes);
}

static size_t find(Dwfl_Module *module, Dwarf_Addr address, struct finding *finding)
{
    Dwarf_Addr bias = 0;
    if (find_unit(module, address, &finding->unit, &bias)) {
        set_line_of_address(finding, address - bias);
        find_functions(finding, address - bias);
    }
    const char *name = finding->count == 0 ? dwfl_module_addrname(module, address) : NULL;
    if (name)
        add(finding, name, false);
    return finding->count;
}

size_t symbols_find(struct symbols_object *object, uint64_t offset, struct symbols_place *places,
                    size_t max)
{
    Dwarf_Addr end = 0;
    GElf_Addr bias = 0;
    Dwfl_Module *module = object->file.module;
    struct finding finding = {.places = places, .max = max};
    if (!module || !dwfl_module_getelf(module, &bias))
        return 0;
    dwfl_module_info(module, NULL, NULL, &end, NULL, NULL, NULL, NULL);
    return offset < end - bias ? find(module, bias + offset, &finding) : 0;
}
