/* module_dir: see module_dir.h. */
#include "jobs/module_dir.h"

#include "base/hash.h"
#include "common/name.h"
#include "common/xmalloc.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

enum {
    LOOK_US = 1000000,
    ROOM_MIN = 16,
};

void module_dir_init(struct module_dir *dir)
{
    *dir = (struct module_dir){.known = false};
}

void module_dir_free(struct module_dir *dir)
{
    free(dir->names);
}

void module_dir_forget(struct module_dir *dir)
{
    dir->looked_us = 0;
    dir->known = false;
}

static void add(struct module_dir *dir, uint64_t name)
{
    if (dir->count == dir->room) {
        dir->room = dir->room ? 2 * dir->room : ROOM_MIN;
        dir->names = xrealloc(dir->names, dir->room * sizeof *dir->names);
    }
    dir->names[dir->count++] = name;
}

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void add_file(struct module_dir *dir, const char *file)
{
    size_t len = module_name_in(file);
    if (len)
        add(dir, siphash(file, len, 0));
}

/* False if the directory cannot be read. A missing one has no files. */
static bool read_names(struct module_dir *dir, const char *path)
{
    const struct dirent *entry;
    DIR *files = opendir(path);
    if (!files)
        return errno == ENOENT || errno == ENOTDIR;
    /* cppcheck-suppress readdirCalled ; there is one thread, and readdir_r() is deprecated */
    while ((errno = 0, entry = readdir(files)))
        add_file(dir, entry->d_name);
    bool whole = errno == 0;
    closedir(files);
    if (dir->count)
        qsort(dir->names, dir->count, sizeof *dir->names, compare);
    return whole;
}

/* If the directory cannot be read now (for want of a descriptor, say), the old names stay. */
static void look(struct module_dir *dir, const char *path)
{
    struct module_dir read = {.looked_us = dir->looked_us, .known = true};
    if (read_names(&read, path)) {
        free(dir->names);
        *dir = read;
    } else {
        free(read.names);
    }
}

enum module_dir_answer module_dir_find(struct module_dir *dir, const char *path, uint64_t name,
                                       uint64_t now_us)
{
    if (!dir->looked_us || now_us - dir->looked_us >= LOOK_US) {
        dir->looked_us = now_us ? now_us : 1;
        look(dir, path);
    }
    if (!dir->known)
        return MODULE_DIR_UNKNOWN;
    bool listed = dir->count && bsearch(&name, dir->names, dir->count, sizeof *dir->names, compare);
    return listed ? MODULE_DIR_LISTED : MODULE_DIR_NONE;
}
