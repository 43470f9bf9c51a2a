/*
 * disk: a preloaded shim between a process and one directory tree: it writes down what happens to
 * the files there, and lets calls fail.
 *
 * DISK_ROOT names the directory. DISK_LOG names a file for the record of all calls that change the
 * tree, of syncs, and of all bytes sent to sockets, in their order. So a reader of the record knows
 * what was on the disk, and what was promised, at any moment. DISK_PAGE names a file of one page,
 * shared with the test: calls are counted there by class, and the test sets which are to fail.
 *
 * A sync has two records, for its beginning and its end: what was written before the first is on
 * the disk from the second on. Every other call and its record are one step under a lock.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
    KIND_START,      /* of a process */
    KIND_OPEN,       /* fd; offset: 1 if made by it; data: path */
    KIND_WRITE,      /* fd, offset, data */
    KIND_SIZE,       /* fd; offset: the new size */
    KIND_GROW,       /* fd; offset: at least this size */
    KIND_SYNC_BEGIN, /* fd */
    KIND_SYNC_END,   /* fd; offset: 1 if it failed */
    KIND_RENAME,     /* data: old path, NUL, new path */
    KIND_UNLINK,     /* data: path */
    KIND_MKDIR,      /* data: path */
    KIND_SENT,       /* fd of a socket, data */
    KIND_CLOSE,      /* fd, of a file or a socket */
};

struct record {
    uint32_t kind;
    int32_t fd;
    uint64_t offset;
    uint64_t size;
};

/* Classes of calls that can fail. */
enum class { CLASS_WRITE, CLASS_SYNC, CLASS_OPEN, CLASS_NAME, CLASS_SIZE, CLASS_READ, CLASSES };

struct page {
    struct {
        uint64_t count;    /* calls so far */
        uint64_t fail_at;  /* the first to fail, from 1; 0: none */
        uint64_t fail_for; /* how many fail, one after the other */
        uint64_t error;    /* their errno */
        uint64_t failed;   /* how many have failed */
    } classes[CLASSES];
};

enum { FDS = 4096 };

static struct page *page;
static char root[PATH_MAX];
static size_t root_len;
static int log_fd = -1;
static char *paths[FDS]; /* of open files below the root; under the lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* `real` is the real function of this name. */
#define REAL(type, name, ...)         \
    static type (*real)(__VA_ARGS__); \
    if (!real)                        \
    *(void **)&real = dlsym(RTLD_NEXT, name)

static void start(void);
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Other libraries may open files before our constructor. */
static void need_start(void)
{
    pthread_once(&once, start);
}

static bool is_open(int fd)
{
    return fd >= 0 && fd < FDS && __atomic_load_n(&paths[fd], __ATOMIC_ACQUIRE);
}

static void write_all(const void *data, size_t size)
{
    REAL(ssize_t, "write", int, const void *, size_t);
    while (size) {
        ssize_t n = real(log_fd, data, size);
        if (n <= 0)
            abort();
        data = (const char *)data + n;
        size -= (size_t)n;
    }
}

/* Under the lock. */
static void note(enum kind kind, int fd, uint64_t offset, const void *data, size_t size)
{
    struct record record = {(uint32_t)kind, fd, offset, size};
    if (log_fd < 0)
        return;
    int error = errno;
    write_all(&record, sizeof record);
    write_all(data, size);
    errno = error;
}

static bool fails(enum class class)
{
    if (!page)
        return false;
    uint64_t n = __atomic_add_fetch(&page->classes[class].count, 1, __ATOMIC_RELAXED);
    uint64_t at = __atomic_load_n(&page->classes[class].fail_at, __ATOMIC_ACQUIRE);
    if (!at || n < at || n - at >= page->classes[class].fail_for)
        return false;
    __atomic_add_fetch(&page->classes[class].failed, 1, __ATOMIC_RELAXED);
    errno = (int)page->classes[class].error;
    return true;
}

static void start(void)
{
    const char *path = getenv("DISK_ROOT");
    if (!path || !realpath(path, root))
        return;
    root_len = strlen(root);
    REAL(int, "open", const char *, int, ...);
    if ((path = getenv("DISK_LOG"))) {
        log_fd = real(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (log_fd < 0)
            abort();
        note(KIND_START, (int)getpid(), 0, NULL, 0);
    }
    int fd = (path = getenv("DISK_PAGE")) ? real(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED)
        page = map;
}

__attribute__((constructor)) static void construct(void)
{
    need_start();
}

/* The absolute path, below the root; false: it is elsewhere. */
static bool resolve(int dir, const char *name, char path[PATH_MAX])
{
    need_start();
    if (!root_len || !name)
        return false;
    char base[PATH_MAX] = "";
    if (name[0] != '/') {
        if (dir != AT_FDCWD && is_open(dir))
            snprintf(base, sizeof base, "%s", paths[dir]);
        else if (dir != AT_FDCWD || !getcwd(base, sizeof base))
            return false;
    }
    if (snprintf(path, PATH_MAX, "%s%s%s", base, *base ? "/" : "", name) >= PATH_MAX)
        return false;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
    return !strncmp(path, root, root_len) && (path[root_len] == '/' || !path[root_len]);
}

static void remember(int fd, const char *path)
{
    if (fd >= FDS)
        abort();
    char *old = paths[fd];
    __atomic_store_n(&paths[fd], strdup(path), __ATOMIC_RELEASE);
    free(old);
}

static int open_file(int dir, const char *name, int flags, mode_t mode)
{
    REAL(int, "openat64", int, const char *, int, ...);
    char path[PATH_MAX];
    if (!resolve(dir, name, path))
        return real(dir, name, flags, mode);
    pthread_mutex_lock(&lock);
    bool is_new = (flags & O_CREAT) && access(path, F_OK) < 0;
    int fd = is_new && fails(CLASS_OPEN) ? -1 : real(dir, name, flags, mode);
    if (fd >= 0) {
        remember(fd, path);
        note(KIND_OPEN, fd, is_new, path, strlen(path));
        if (flags & O_TRUNC)
            note(KIND_SIZE, fd, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

#define MODE_OF(flags)                       \
    mode_t mode = 0;                         \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list args;                        \
        va_start(args, flags);               \
        mode = (mode_t)va_arg(args, int);    \
        va_end(args);                        \
    }

int open(const char *name, int flags, ...)
{
    MODE_OF(flags)
    return open_file(AT_FDCWD, name, flags, mode);
}

int open64(const char *name, int flags, ...)
{
    MODE_OF(flags)
    return open_file(AT_FDCWD, name, flags, mode);
}

int openat(int dir, const char *name, int flags, ...)
{
    MODE_OF(flags)
    return open_file(dir, name, flags, mode);
}

int openat64(int dir, const char *name, int flags, ...)
{
    MODE_OF(flags)
    return open_file(dir, name, flags, mode);
}

int __open_2(const char *name, int flags);
int __open_2(const char *name, int flags)
{
    return open_file(AT_FDCWD, name, flags, 0);
}

int __open64_2(const char *name, int flags);
int __open64_2(const char *name, int flags)
{
    return open_file(AT_FDCWD, name, flags, 0);
}

int __openat_2(int dir, const char *name, int flags);
int __openat_2(int dir, const char *name, int flags)
{
    return open_file(dir, name, flags, 0);
}

/* Under the lock. */
static void forget(int fd)
{
    if (is_open(fd)) {
        char *old = paths[fd];
        __atomic_store_n(&paths[fd], NULL, __ATOMIC_RELEASE);
        free(old);
    }
    note(KIND_CLOSE, fd, 0, NULL, 0);
}

int close(int fd)
{
    REAL(int, "close", int);
    pthread_mutex_lock(&lock);
    forget(fd);
    int result = real(fd);
    pthread_mutex_unlock(&lock);
    return result;
}

/* It closes its descriptor without close(). */
int closedir(DIR *dir)
{
    REAL(int, "closedir", DIR *);
    pthread_mutex_lock(&lock);
    forget(dirfd(dir));
    int result = real(dir);
    pthread_mutex_unlock(&lock);
    return result;
}

static ssize_t write_at(int fd, const void *data, size_t size, off_t offset)
{
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off_t);
    if (!is_open(fd))
        return real(fd, data, size, offset);
    pthread_mutex_lock(&lock);
    ssize_t n = fails(CLASS_WRITE) ? -1 : real(fd, data, size, offset);
    if (n > 0)
        note(KIND_WRITE, fd, (uint64_t)offset, data, (size_t)n);
    pthread_mutex_unlock(&lock);
    return n;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return write_at(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    return write_at(fd, data, size, offset);
}

ssize_t write(int fd, const void *data, size_t size)
{
    REAL(ssize_t, "write", int, const void *, size_t);
    if (!is_open(fd))
        return real(fd, data, size);
    pthread_mutex_lock(&lock);
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t n = fails(CLASS_WRITE) ? -1 : real(fd, data, size);
    if (n > 0)
        note(KIND_WRITE, fd, (uint64_t)offset, data, (size_t)n);
    pthread_mutex_unlock(&lock);
    return n;
}

/* The bytes of the first `n` of a vector, in one piece, from malloc(). */
static char *gather(const struct iovec *iov, size_t count, size_t n)
{
    char *data = malloc(n ? n : 1), *to = data;
    for (size_t i = 0; data && i < count && n; i++) {
        size_t len = iov[i].iov_len < n ? iov[i].iov_len : n;
        memcpy(to, iov[i].iov_base, len);
        to += len;
        n -= len;
    }
    return data;
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    if (!is_open(fd))
        return real(fd, iov, count);
    pthread_mutex_lock(&lock);
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t n = fails(CLASS_WRITE) ? -1 : real(fd, iov, count);
    char *data = n > 0 ? gather(iov, (size_t)count, (size_t)n) : NULL;
    if (data)
        note(KIND_WRITE, fd, (uint64_t)offset, data, (size_t)n);
    free(data);
    pthread_mutex_unlock(&lock);
    return n;
}

static ssize_t read_at(int fd, void *data, size_t size, off_t offset)
{
    REAL(ssize_t, "pread64", int, void *, size_t, off_t);
    return is_open(fd) && fails(CLASS_READ) ? -1 : real(fd, data, size, offset);
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
    return read_at(fd, data, size, offset);
}

ssize_t pread64(int fd, void *data, size_t size, off_t offset)
{
    return read_at(fd, data, size, offset);
}

static int resize(int fd, off_t size)
{
    REAL(int, "ftruncate64", int, off_t);
    if (!is_open(fd))
        return real(fd, size);
    pthread_mutex_lock(&lock);
    int result = fails(CLASS_SIZE) ? -1 : real(fd, size);
    if (result == 0)
        note(KIND_SIZE, fd, (uint64_t)size, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int fd, off_t size)
{
    return resize(fd, size);
}

int ftruncate64(int fd, off_t size)
{
    return resize(fd, size);
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
    REAL(int, "fallocate64", int, int, off_t, off_t);
    if (!is_open(fd))
        return real(fd, mode, offset, size);
    pthread_mutex_lock(&lock);
    int result = fails(CLASS_SIZE) ? -1 : real(fd, mode, offset, size);
    if (result == 0 && mode == 0)
        note(KIND_GROW, fd, (uint64_t)(offset + size), NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

/* Like glibc's without a file system's help: the error is the result. */
int posix_fallocate(int fd, off_t offset, off_t size)
{
    return fallocate(fd, 0, offset, size) < 0 ? errno : 0;
}

int posix_fallocate64(int fd, off_t offset, off_t size)
{
    return posix_fallocate(fd, offset, size);
}

static int sync_file(int fd, int (*real)(int))
{
    if (!is_open(fd))
        return real(fd);
    pthread_mutex_lock(&lock);
    note(KIND_SYNC_BEGIN, fd, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    int result = fails(CLASS_SYNC) ? -1 : real(fd);
    pthread_mutex_lock(&lock);
    note(KIND_SYNC_END, fd, result < 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int fsync(int fd)
{
    REAL(int, "fsync", int);
    return sync_file(fd, real);
}

int fdatasync(int fd)
{
    REAL(int, "fdatasync", int);
    return sync_file(fd, real);
}

static int rename_file(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned);
    char both[2 * PATH_MAX], path[PATH_MAX];
    if (!resolve(from_dir, from, both) || !resolve(to_dir, to, path))
        return real(from_dir, from, to_dir, to, flags);
    size_t len = strlen(both) + 1;
    memcpy(both + len, path, strlen(path));
    pthread_mutex_lock(&lock);
    int result = fails(CLASS_NAME) ? -1 : real(from_dir, from, to_dir, to, flags);
    if (result == 0)
        note(KIND_RENAME, -1, 0, both, len + strlen(path));
    pthread_mutex_unlock(&lock);
    return result;
}

int rename(const char *from, const char *to)
{
    return rename_file(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return rename_file(from_dir, from, to_dir, to, 0);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    return rename_file(from_dir, from, to_dir, to, flags);
}

int unlinkat(int dir, const char *name, int flags)
{
    REAL(int, "unlinkat", int, const char *, int);
    char path[PATH_MAX];
    if (!resolve(dir, name, path))
        return real(dir, name, flags);
    pthread_mutex_lock(&lock);
    int result = fails(CLASS_NAME) ? -1 : real(dir, name, flags);
    if (result == 0)
        note(KIND_UNLINK, -1, 0, path, strlen(path));
    pthread_mutex_unlock(&lock);
    return result;
}

int unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}

int mkdirat(int dir, const char *name, mode_t mode)
{
    REAL(int, "mkdirat", int, const char *, mode_t);
    char path[PATH_MAX];
    if (!resolve(dir, name, path))
        return real(dir, name, mode);
    pthread_mutex_lock(&lock);
    int result = fails(CLASS_OPEN) ? -1 : real(dir, name, mode);
    if (result == 0)
        note(KIND_MKDIR, -1, 0, path, strlen(path));
    pthread_mutex_unlock(&lock);
    return result;
}

int mkdir(const char *name, mode_t mode)
{
    return mkdirat(AT_FDCWD, name, mode);
}

/* --- sockets: what was promised, and when --- */

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    REAL(ssize_t, "sendmsg", int, const struct msghdr *, int);
    if (log_fd < 0)
        return real(fd, message, flags);
    pthread_mutex_lock(&lock);
    ssize_t n = real(fd, message, flags);
    char *data = n > 0 ? gather(message->msg_iov, message->msg_iovlen, (size_t)n) : NULL;
    if (data)
        note(KIND_SENT, fd, 0, data, (size_t)n);
    free(data);
    pthread_mutex_unlock(&lock);
    return n;
}
