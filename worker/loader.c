/* loader: see loader.h. */
#include "loader.h"

#include "common/name.h"
#include "common/xmalloc.h"
#include "descriptors.h"
#include "effects.h"
#include "fork_guard.h"
#include "host.h"
#include "load_error.h"
#include "loaded.h"
#include "module_functions.h"
#include "process_state.h"
#include "refusal.h"
#include "report.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

struct loader {
    const struct settings *settings;
    struct worker_shared *shared;
    struct load_error_origin origin;
    struct host host;
    struct module *modules;       /* last loaded first */
    const struct module *current; /* the process is set up for its jobs; NULL: for none */
    unsigned dirty;               /* set of enum effect: to be restored */
    unsigned lasting;             /* the same for modules with threads, whose effects never end */
    size_t descriptors;           /* open at the start, and opened by init() */
};

/* Calls init() and stores its failure in module->init_failure. */
static void initialise(struct host *host, struct module *module, const char *config)
{
    if (module->descriptor.init == NULL)
        return;
    host->why[0] = '\0';
    int result = module->descriptor.init(&host->tm, config);
    fork_guard_end_child(module->name, "init");
    if (result == 0)
        return;
    if (host->why[0] != '\0')
        module->init_failure = xasprintf("module %s: %s", module->name, host->why);
    else
        module->init_failure = xasprintf("module %s: init returned %d and did not say why: the "
                                         "module should call tm_host_fail()",
                                         module->name, result);
}

static int try_init(struct module *module, const char *config, struct refusal *refusal)
{
    struct host host;

    host_init(&host, &module_functions, 0);
    initialise(&host, module, config);
    if (module->init_failure == NULL) {
        if (module->descriptor.fini != NULL)
            module->descriptor.fini();
        fork_guard_end_child(module->name, "fini");
        return 0;
    }
    refusal_set(refusal, "%s", module->init_failure);
    free(module->init_failure);
    return -1;
}

int loader_check(const char *path, const char *config, struct module *module,
                 struct refusal *refusal)
{
    const struct load_error_origin origin = load_error_origin();

    if (module_object_open(module, path, &origin, refusal) < 0)
        return -1;
    return config != NULL ? try_init(module, config, refusal) : 0;
}

/* Saves the changes that init() made to the process, as the module's own. */
static void set_up(struct loader *loader, struct module *module)
{
    module->state = process_state_save(module->effects);
    if (module->effects & EFFECT_THREADS)
        loader->lasting |= module->effects;
    loader->dirty |= module->effects | loader->lasting;
    loader->current = module;
}

static struct module *open_module(struct loader *loader, const char *name, struct refusal *refusal)
{
    struct module *module = xmalloc(sizeof(*module));
    char *path = xasprintf("%s/%s.so", loader->settings->module_dir, name);
    int checked = module_object_open(module, path, &loader->origin, refusal);

    free(path);
    if (checked < 0) {
        loader->dirty = EFFECT_ALL; /* constructors may have run */
        free(module);
        return NULL;
    }
    initialise(&loader->host, module, settings_module_config(loader->settings, module->name));
    if (module->init_failure == NULL)
        loaded_note(loader->shared, module);
    set_up(loader, module);
    module->next = loader->modules;
    loader->modules = module;
    return module;
}

static struct module *load(struct loader *loader, const char *name, struct refusal *refusal)
{
    size_t before = descriptors_open();
    struct module *module = open_module(loader, name, refusal);
    size_t after = descriptors_open();

    if (after > before)
        loader->descriptors += after - before;
    return module;
}

static struct module *find(const struct loader *loader, const char *name)
{
    struct module *module = loader->modules;

    while (module != NULL && strcmp(module->name, name) != 0)
        module = module->next;
    return module;
}

struct loader *loader_new(const struct settings *settings, struct worker_shared *shared)
{
    struct loader *loader = xmalloc(sizeof(*loader));

    effects_init();
    process_state_init();
    *loader = (struct loader){.settings = settings,
                              .shared = shared,
                              .origin = load_error_origin(),
                              .descriptors = descriptors_open()};
    host_init(&loader->host, &module_functions, shared->page.limits.pool_max);
    return loader;
}

int loader_leave(struct loader *loader, const char *next)
{
    if (loader->current != NULL && strcmp(loader->current->name, next) == 0)
        return 0;
    unsigned dirty = loader->dirty;
    loader->current = NULL;
    loader->dirty = loader->lasting;
    return process_state_reset(dirty);
}

/* Sets the process up for the jobs of a module loaded earlier. */
static void enter(struct loader *loader, const struct module *module)
{
    if (module->state != NULL)
        process_state_restore(module->state);
    loader->dirty |= module->effects;
    loader->current = module;
}

unsigned loader_effects(const struct loader *loader)
{
    return loader->dirty;
}

void loader_reset_mask(const struct loader *loader)
{
    if (loader->dirty & EFFECT_MASK)
        process_state_reset_mask(loader->current != NULL ? loader->current->state : NULL);
}

const char *loader_current(const struct loader *loader)
{
    return loader->current != NULL ? loader->current->name : "-";
}

size_t loader_descriptors(const struct loader *loader)
{
    return loader->descriptors;
}

const struct module *loader_get(struct loader *loader, const char *name, struct refusal *refusal)
{
    struct module *module = find(loader, name);

    if (module == NULL)
        module = load(loader, name, refusal);
    else if (module != loader->current)
        enter(loader, module);
    if (module == NULL)
        return NULL;
    if (module->init_failure != NULL) {
        refusal_set(refusal, "%s", module->init_failure);
        refusal->unfit = true;
        return NULL;
    }
    return module;
}

static void preload(struct loader *loader, const char *name, struct worker_shared *shared)
{
    struct refusal refusal;

    memcpy(shared->preloading, name, strlen(name) + 1);
    loader_leave(loader, name);
    if (loader_get(loader, name, &refusal) == NULL) {
        report(TM_ERROR, "preload: %s", refusal.text);
        if (shared->refusal[0] == '\0')
            text_clean(shared->refusal, sizeof(shared->refusal), refusal.text);
    }
    shared->preloading[0] = '\0';
}

void loader_preload(struct loader *loader, struct worker_shared *shared)
{
    const char *name = NULL;

    while ((name = settings_preload(loader->settings, name)) != NULL) {
        if (!module_name_valid(name, strlen(name)))
            report(TM_ERROR, "preload: \"%s\" is not a module's name", name);
        else
            preload(loader, name, shared);
    }
}

static void end_module(struct loader *loader, const struct module *module,
                       struct worker_shared *shared)
{
    loader_leave(loader, module->name);
    if (module != loader->current)
        enter(loader, module);
    memcpy(shared->ending, module->name, sizeof(module->name));
    module->descriptor.fini();
    fork_guard_end_child(module->name, "fini");
    shared->ending[0] = '\0';
}

/* Exit handlers of the modules run after this. */
static void begin_exit(const struct loader *loader, struct worker_shared *shared)
{
    const struct module *only = loader->modules;

    if (only != NULL && only->next == NULL)
        memcpy(shared->ending, only->name, sizeof(only->name));
    __atomic_store_n(&shared->exiting, 1, __ATOMIC_RELAXED);
}

void loader_free(struct loader *loader, struct worker_shared *shared)
{
    for (const struct module *module = loader->modules; module != NULL; module = module->next)
        if (module->init_failure == NULL && module->descriptor.fini != NULL)
            end_module(loader, module, shared);
    begin_exit(loader, shared);
    while (loader->modules != NULL) {
        struct module *module = loader->modules;
        loader->modules = module->next;
        free(module->init_failure);
        free(module);
    }
    free(loader);
}
