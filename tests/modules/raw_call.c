/* raw_call: changes the process by a system call instruction of its own, without a library. */
#include <taskmaster/module.h>

#include <sys/syscall.h>

#if !defined(__x86_64__)
#include <unistd.h>
#endif

static long set_umask(long mask)
{
#if defined(__x86_64__)
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)SYS_umask), "D"(mask)
                     : "rcx", "r11", "memory");
    return result;
#else
    return syscall(SYS_umask, mask);
#endif
}

static int run(tm_job *job)
{
    (void)job;
    set_umask(0777);
    return 0;
}

TM_MODULE(.name = "raw_call", .version = "1.0", .run = run);
