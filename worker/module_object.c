/* module_object: see module_object.h. */
#include "module_object.h"

#include "common/name.h"
#include "effects.h"
#include "fork_guard.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* `words`: the text of strerror() or dlerror(). */
static void refuse_for(struct refusal *refusal, const char *words,
                       const struct load_error_origin *origin, const char *otherwise)
{
    struct load_error error = load_error_explain(words, origin, otherwise);

    refusal_set(refusal, "%s: %s", words, error.advice);
    refusal->unfit = error.unfit;
}

/* Derives the module's name from its path. */
static int name_of(const char *path, char name[MODULE_NAME_MAX + 1], struct refusal *refusal)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    size_t len = module_name_in(base);

    if (len > 0) {
        memcpy(name, base, len);
        name[len] = '\0';
        return 0;
    }
    return refusal_set(
        refusal,
        "%s: a module's file is called NAME.so, NAME being 1 to %d of [A-Za-z0-9_-]: "
        "rename it",
        base, MODULE_NAME_MAX);
}

/* Checks the file before dlopen(): dlopen() hangs on a FIFO, and its text for a missing or
 * unreadable file is the same as for a missing library. */
static void *open_object(const char *path, const struct load_error_origin *origin,
                         struct refusal *refusal)
{
    struct stat st;
    char words[PATH_MAX + MESSAGE_MAX], advice[MESSAGE_MAX];

    if (stat(path, &st) < 0) {
        snprintf(words, sizeof(words), "%s: %s", path, strerror(errno));
        refuse_for(refusal, words, origin,
                   "put the module's shared object there, readable for the worker");
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        refusal_set(refusal, "%s: not a regular file: put the module's shared object there", path);
        return NULL;
    }
    if (access(path, R_OK) < 0) {
        snprintf(words, sizeof(words), "%s: %s", path, strerror(errno));
        snprintf(advice, sizeof(advice),
                 "make it readable for the user that the workers run as, uid %u: chmod a+r",
                 (unsigned)geteuid());
        refuse_for(refusal, words, origin, advice);
        return NULL;
    }
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (object == NULL)
        refuse_for(
            refusal, dlerror(), origin,
            "build it for this machine with cc -shared -fPIC and link every library it uses");
    return object;
}

static int check_descriptor(const tm_descriptor *found, const char *path, const char *name,
                            struct refusal *refusal)
{
    if (found->abi != TM_ABI)
        return refusal_set(
            refusal,
            "%s: built for module ABI %u, this worker has ABI %u: rebuild it with this "
            "release's taskmaster/module.h",
            path, (unsigned)found->abi, (unsigned)TM_ABI);
    if (found->size < TM_DESCRIPTOR_SIZE_MIN)
        return refusal_set(
            refusal,
            "%s: its descriptor claims %u bytes and ABI %u has at least %zu: define it "
            "with TM_MODULE(), which fills in the size",
            path, (unsigned)found->size, (unsigned)TM_ABI, TM_DESCRIPTOR_SIZE_MIN);
    if (found->name == NULL)
        return refusal_set(refusal, "%s: has no name: add .name = \"%s\" to TM_MODULE()", path,
                           name);
    if (strcmp(found->name, name) != 0)
        return refusal_set(refusal,
                           "%s: calls itself \"%s\": rename the file, or set .name = \"%s\" in "
                           "TM_MODULE()",
                           path, found->name, name);
    if (found->run == NULL)
        return refusal_set(refusal, "%s: has no run function: add .run to TM_MODULE()", path);
    return 0;
}

int module_object_open(struct module *module, const char *path,
                       const struct load_error_origin *origin, struct refusal *refusal)
{
    *module = (struct module){0};
    if (name_of(path, module->name, refusal) < 0)
        return -1;
    void *object = open_object(path, origin, refusal);
    fork_guard_end_child(module->name, "dlopen");
    if (object == NULL)
        return -1;
    const tm_descriptor *found = dlsym(object, "tm_module");
    if (found == NULL) {
        refusal_set(
            refusal,
            "%s: exports no symbol tm_module: include taskmaster/module.h and define it with "
            "TM_MODULE()",
            path);
        goto close_object;
    }
    if (check_descriptor(found, path, module->name, refusal) < 0)
        goto close_object;
    /* A newer module's additional fields are cut off; an older module's missing fields stay
     * zero. */
    size_t size = found->size < sizeof(*found) ? found->size : sizeof(*found);
    memcpy(&module->descriptor, found, size);
    module->effects = effects_of_module(object);
    return 0;

close_object:
    dlclose(object);
    return -1;
}
