/*
 * load_error: see load_error.h.
 *
 * A job may leave its process unable to load any further module: without descriptors, without
 * memory, as another user, with another root. The file is not at fault then, and the advice to
 * build it with cc -shared would help nobody. dlerror() has no codes. Its text mostly ends with the
 * text of strerror(), in the same language; but not always, and the loader says "no such file" of a
 * library when the process has no descriptor left to look for it. So load_error_explain() also
 * tries to open a descriptor and to map memory.
 */
#include "load_error.h"

#include "descriptors.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROBE_SIZE = 16 << 20 }; /* bytes: most modules are smaller */

struct load_error_origin load_error_origin(void)
{
    struct stat st = {.st_ino = 0};

    if (stat("/", &st) < 0)
        st.st_ino = 0;
    return (struct load_error_origin){
        .uid = geteuid(), .gid = getegid(), .root_device = st.st_dev, .root_inode = st.st_ino};
}

static bool says(const char *words, int error)
{
    return strstr(words, strerror(error)) != NULL;
}

static bool has_no_memory(void)
{
    void *memory = mmap(NULL, PROBE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return true;
    munmap(memory, PROBE_SIZE);
    return false;
}

static bool has_changed(const struct load_error_origin *origin)
{
    struct load_error_origin now = load_error_origin();

    return now.uid != origin->uid || now.gid != origin->gid ||
           now.root_device != origin->root_device || now.root_inode != origin->root_inode;
}

struct load_error load_error_explain(const char *words, const struct load_error_origin *origin,
                                     const char *otherwise)
{
    if (says(words, EMFILE) || says(words, ENFILE) || descriptors_are_used_up())
        return (struct load_error){
            "this worker has no descriptor left: jobs have left theirs open, or "
            "the limit of open files is too low",
            true};
    if (says(words, ENOMEM) || strstr(words, "static TLS") != NULL || has_no_memory())
        return (struct load_error){
            "this worker has no memory left for it: jobs have taken it, or the "
            "limit of memory is too low",
            true};
    if (has_changed(origin))
        return (struct load_error){"a job has changed this worker's user, group or root", true};
    if (strstr(words, "failed to map segment") != NULL)
        return (struct load_error){"it must be on a file system that is not mounted noexec", false};
    if (strstr(words, "cannot open shared object file") != NULL && says(words, ENOENT))
        return (struct load_error){
            "install the library that it names, or link the one that is there", false};
    return (struct load_error){otherwise, false};
}
