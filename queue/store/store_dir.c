/* store_dir: see store_dir.h. */
#include "queue/store/store_dir.h"

#include "common/xmalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

static const char reserve_name[] = "reserve";

/* --- file systems that lose what they have confirmed --- */

struct file_system {
    uint32_t magic; /* statfs(2) */
    const char *name, *fault;
};

static const char in_memory[] = "which is gone with the machine's memory";
static const char on_network[] = "and its server may lose what it has confirmed";

/* Magic numbers without a name in the kernel's headers have one in the manual, statfs(2). */
static const struct file_system refused[] = {
    {TMPFS_MAGIC, "tmpfs", in_memory},      {RAMFS_MAGIC, "ramfs", in_memory},
    {NFS_SUPER_MAGIC, "nfs", on_network},   {SMB_SUPER_MAGIC, "smb", on_network},
    {0xfe534d42, "smb", on_network},        {0xff534d42, "cifs", on_network},
    {NCP_SUPER_MAGIC, "ncp", on_network},   {AFS_SUPER_MAGIC, "afs", on_network},
    {CODA_SUPER_MAGIC, "coda", on_network}, {V9FS_MAGIC, "9p", on_network},
    {CEPH_SUPER_MAGIC, "ceph", on_network}, {0x0bd00bd0, "lustre", on_network},
};

static bool is_refused(int fd, const char *path, char *error, size_t error_size)
{
    struct statfs st;
    if (fstatfs(fd, &st) < 0)
        return false;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if ((uint32_t)st.f_type != refused[i].magic)
            continue;
        snprintf(error, error_size,
                 "store-path %s is on %s, %s; use a directory on a local disk, or store-sync off",
                 path, refused[i].name, refused[i].fault);
        return true;
    }
    return false;
}

/* --- opening --- */

static int sync_parent(const char *path)
{
    char *copy = xstrdup(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (fd < 0)
        return -1;
    int rc = fsync(fd), error = errno;
    close(fd);
    errno = error;
    return rc;
}

/* The name of a new directory reaches the disk before anything in it. */
static int make(const struct store_settings *settings)
{
    if (mkdir(settings->path, 0700) < 0)
        return errno == EEXIST ? 0 : -1;
    return settings->sync == STORE_SYNC_OFF ? 0 : sync_parent(settings->path);
}

static bool lock(int fd, const char *path, char *error, size_t error_size)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno == EWOULDBLOCK)
        snprintf(error, error_size, "store-path %s is in use by another process", path);
    else
        snprintf(error, error_size, "store-path %s: lock: %s", path, strerror(errno));
    return false;
}

bool store_dir_open_old(struct store_dir *dir, const struct store_settings *settings, char *error,
                        size_t error_size)
{
    const char *path = settings->path;
    dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir->fd < 0) {
        snprintf(error, error_size, "store-path %s: %s", path, strerror(errno));
        return false;
    }
    if (lock(dir->fd, path, error, error_size))
        return true;
    store_dir_close(dir);
    return false;
}

bool store_dir_open(struct store_dir *dir, const struct store_settings *settings, char *error,
                    size_t error_size)
{
    *dir = (struct store_dir){.fd = -1};
    if (make(settings) < 0) {
        snprintf(error, error_size, "store-path %s: %s", settings->path, strerror(errno));
        return false;
    }
    if (!store_dir_open_old(dir, settings, error, error_size))
        return false;
    if (settings->sync == STORE_SYNC_OFF || !is_refused(dir->fd, settings->path, error, error_size))
        return true;
    store_dir_close(dir);
    return false;
}

void store_dir_close(struct store_dir *dir)
{
    if (dir->fd >= 0)
        close(dir->fd);
    dir->fd = -1;
}

/* --- files --- */

int store_dir_touch(const struct store_dir *dir, const char *name)
{
    int fd = openat(dir->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return fd < 0 ? -1 : close(fd);
}

void store_dir_room(const struct store_dir *dir, uint64_t *free_bytes, uint64_t *all_bytes)
{
    struct statvfs st;
    *free_bytes = *all_bytes = 0;
    if (fstatvfs(dir->fd, &st) < 0)
        return;
    *free_bytes = (uint64_t)st.f_bavail * st.f_frsize;
    *all_bytes = (uint64_t)st.f_blocks * st.f_frsize;
}

int store_dir_make_reserve(const struct store_dir *dir)
{
    int fd = openat(dir->fd, reserve_name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    bool is_whole = posix_fallocate(fd, 0, STORE_DIR_RESERVE) == 0;
    close(fd);
    if (!is_whole)
        store_dir_free_reserve(dir);
    return is_whole ? 0 : -1;
}

void store_dir_free_reserve(const struct store_dir *dir)
{
    unlinkat(dir->fd, reserve_name, 0);
}
