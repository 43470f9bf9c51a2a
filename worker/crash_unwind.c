/*
 * crash_unwind: see crash_unwind.h.
 *
 * libgcc's unwinder is linked into the worker: it takes no lock and no memory. (backtrace(3) would
 * load libgcc_s at the moment of the crash, and stand in the module's global scope.) The unwinder
 * begins in the handler and goes through the signal's frame, reading the registers of the crash
 * from the context. Where it knows no way, the chain of frame pointers may.
 */
#include "crash_unwind.h"

#include "crash_attempt.h"
#include "crash_object.h"

#include <stdbool.h>
#include <stddef.h>
#include <unwind.h>

struct walk {
    struct crash_record *record;
    ucontext_t *context;
    bool arrived; /* at the frame of the crash */
};

/* Registers */

#if defined(__x86_64__)

static uintptr_t counter_of(const ucontext_t *context)
{
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
}

static uintptr_t frame_of(const ucontext_t *context)
{
    return (uintptr_t)context->uc_mcontext.gregs[REG_RBP];
}

/* Turns the context into the caller's, right behind a call to nowhere. */
static void step_back(ucontext_t *context)
{
    greg_t *registers = context->uc_mcontext.gregs;

    registers[REG_RIP] = *(const greg_t *)registers[REG_RSP] - 1;
    registers[REG_RSP] += (greg_t)sizeof(greg_t);
}

#elif defined(__aarch64__)

static uintptr_t counter_of(const ucontext_t *context)
{
    return (uintptr_t)context->uc_mcontext.pc;
}

static uintptr_t frame_of(const ucontext_t *context)
{
    return (uintptr_t)context->uc_mcontext.regs[29];
}

static void step_back(ucontext_t *context)
{
    context->uc_mcontext.pc = context->uc_mcontext.regs[30] - 1;
}

#else /* the unwinder's own frames are all there is */

static uintptr_t counter_of(const ucontext_t *context)
{
    (void)context;
    return 0;
}

static uintptr_t frame_of(const ucontext_t *context)
{
    (void)context;
    return 0;
}

static void step_back(ucontext_t *context)
{
    (void)context;
}

#endif

/* Steps */

static bool is_full(const struct crash_record *record)
{
    return record->frame_count >= CRASH_FRAMES_MAX;
}

static void add(struct crash_record *record, uintptr_t address)
{
    if (is_full(record))
        return;
    record->frames[record->frame_count] =
        (struct crash_frame){.offset = address, .object = CRASH_NO_OBJECT};
    record->frame_count++;
}

static _Unwind_Reason_Code take_frame(struct _Unwind_Context *frame, void *arg)
{
    struct walk *walk = arg;
    int exact = 0; /* the frame was interrupted, its counter is no return address */
    uintptr_t counter = _Unwind_GetIPInfo(frame, &exact);

    if (!walk->arrived) {
        walk->arrived = exact && counter == counter_of(walk->context);
        return _URC_NO_REASON; /* the handler's frames, or the first, which is known */
    }
    if (counter == 0 || is_full(walk->record))
        return _URC_END_OF_STACK;
    add(walk->record, exact ? counter : counter - 1);
    return _URC_NO_REASON;
}

static void unwind(void *arg)
{
    _Unwind_Backtrace(take_frame, arg);
}

/* Each frame lies above the last one, so the walk ends. */
static void walk_frame_pointers(void *arg)
{
    const struct walk *walk = arg;
    uintptr_t frame = frame_of(walk->context), last = 0;

    while (frame > last && frame % sizeof(uintptr_t) == 0 && !is_full(walk->record)) {
        const uintptr_t *words = (const uintptr_t *)frame;
        if (!crash_object_is_known(words[1]))
            return;
        add(walk->record, words[1] - 1);
        last = frame;
        frame = words[0];
    }
}

static void call_to_nowhere(void *arg)
{
    const struct walk *walk = arg;

    step_back(walk->context);
    add(walk->record, counter_of(walk->context));
}

void crash_unwind(struct crash_record *record, ucontext_t *context)
{
    struct walk walk = {.record = record, .context = context};
    const ucontext_t crash = *context;

    add(record, counter_of(context));
    if (!crash_object_is_known(counter_of(context)))
        crash_attempt(call_to_nowhere, &walk);
    uint32_t known = record->frame_count;
    crash_attempt(unwind, &walk);
    if (record->frame_count == known)
        crash_attempt(walk_frame_pointers, &walk);
    *context = crash;
}
