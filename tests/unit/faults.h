/*
 * faults: makes one call of the system fail, in each place where our files make it.
 *
 * The caller must then return the right errno, and nothing made before may stay: no descriptor, no
 * process, no file. tests/sweep does the same to the whole daemon from outside; these tests hold
 * the promises of each function. A program defines a wrapper for each call with WRAP() and names
 * the calls to the linker (Makefile): the linker puts __wrap_x() where x() is called.
 */
#ifndef TASKMASTER_TESTS_UNIT_FAULTS_H
#define TASKMASTER_TESTS_UNIT_FAULTS_H

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

static struct {
    const char *call; /* NULL: none fails */
    int nth, error;
    int seen; /* calls so far */
    bool hit;
} fault;

static inline bool fails(const char *call)
{
    if (!fault.call || strcmp(fault.call, call) != 0 || ++fault.seen != fault.nth)
        return false;
    fault.hit = true;
    errno = fault.error;
    return true;
}

static inline void set_fault(const char *call, int nth, int error)
{
    fault.call = call;
    fault.nth = nth;
    fault.error = error;
    fault.seen = 0;
    fault.hit = false;
}

/* Returns false if there were fewer calls. */
static inline bool take_fault(void)
{
    fault.call = NULL;
    return fault.hit;
}

#define WRAP(type, name, params, args, failed)               \
    type __real_##name params;                               \
    type __wrap_##name params;                               \
    type __wrap_##name params                                \
    {                                                        \
        return fails(#name) ? (failed) : __real_##name args; \
    }

/* For calls with arguments without a type: the arguments of our files, no more. */
#define WRAP_VARIADIC(name, params, args)              \
    int __real_##name params;                          \
    int __wrap_##name params;                          \
    int __wrap_##name params                           \
    {                                                  \
        return fails(#name) ? -1 : __real_##name args; \
    }

/* A call without its effect. */
#define STAND_IN(name, params, unused) \
    int __wrap_##name params;          \
    int __wrap_##name params           \
    {                                  \
        unused;                        \
        return fails(#name) ? -1 : 0;  \
    }

static inline int open_files(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static inline bool has_child(void)
{
    return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}

#endif
