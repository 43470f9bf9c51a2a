/*
 * readfile: {"path":"a/b"} -> the bytes of the file a/b below the configured root.
 *
 * The kernel keeps the path below the root (openat2 with RESOLVE_BENEATH), also against links and
 * against renames made meanwhile; no check of the text could. Links are followed as long as they
 * stay below the root.
 */
#include <taskmaster/module.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPECTED "expected {\"path\":\"a file's path relative to the root\"}"
#define SETTING  "modules.readfile.config to {\"root\":\"/dir\"}"

enum {
    READ_SIZE = 64 * 1024,
    OPEN_TRIES = 16, /* a rename somewhere on the path makes the kernel give up with EAGAIN */
};

static int root_fd = -1;

/* glibc has no wrapper for openat2(2). Without O_NONBLOCK the open of a FIFO would hang. */
static int open_below(int dir, const char *path)
{
    struct open_how how = {
        .flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    long fd = -1;

    for (int i = 0; i < OPEN_TRIES; i++) {
        fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return (int)fd;
}

static int open_root(const tm_host *host, const char *root)
{
    root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0)
        return tm_host_fail(host, "root \"%s\": %s: set " SETTING, root, strerror(errno));
    int probe = open_below(root_fd, ".");
    if (probe < 0 && (errno == ENOSYS || errno == EPERM))
        return tm_host_fail(host,
                            "the kernel refuses openat2(2) (%s), without which nothing would "
                            "hold a path below the root: it needs Linux 5.6 or later, and a "
                            "container that permits it",
                            strerror(errno));
    if (probe >= 0)
        close(probe);
    return 0;
}

static int init(const tm_host *host, const char *config)
{
    json_error_t error;
    const char *root;
    int result;
    json_t *settings = json_loads(config, JSON_DECODE_ANY, &error);

    if (json_unpack_ex(settings, &error, JSON_STRICT, "{s:s}", "root", &root) < 0)
        result = tm_host_fail(host, "no root (%s): set " SETTING, error.text);
    else if (root[0] != '/')
        result = tm_host_fail(host, "root \"%s\" is not an absolute path: set " SETTING, root);
    else
        result = open_root(host, root);
    json_decref(settings);
    return result;
}

static void fini(void)
{
    close(root_fd);
}

static int fail_open(tm_job *job, const char *path, int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return tm_fail(job, "not-found", "\"%.200s\": no such file below the root", path);
    case EXDEV:
        return tm_fail(job, "outside-root", "\"%.200s\" leads out of the root", path);
    case EACCES:
    case EPERM:
        return tm_fail(job, "denied", "\"%.200s\": the worker may not read it", path);
    default:
        return tm_fail(job, "read-error", "\"%.200s\": %s", path, strerror(error));
    }
}

static int reply_bytes(tm_job *job, int fd, const char *path)
{
    char bytes[READ_SIZE];

    for (;;) {
        if (tm_should_stop(job))
            return tm_fail(job, "stopped", "stopped while reading \"%.200s\"", path);
        ssize_t n = read(fd, bytes, sizeof(bytes));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return tm_fail(job, "read-error", "\"%.200s\": %s", path, strerror(errno));
        if (n == 0)
            return 0;
        if (tm_reply(job, bytes, (size_t)n) < 0)
            return -1;
    }
}

static int reply_file(tm_job *job, const char *path)
{
    struct stat st;
    int fd = open_below(root_fd, path);

    if (fd < 0)
        return fail_open(job, path, errno);
    int result;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        result = tm_fail(job, "not-a-file", "\"%.200s\" is not a regular file", path);
    else
        result = reply_bytes(job, fd, path);
    close(fd);
    return result;
}

static int run(tm_job *job)
{
    size_t len;
    const char *data = tm_job_data(job, &len);
    json_error_t error;
    const char *path;
    int result;
    json_t *root = json_loadb(data, len, JSON_REJECT_DUPLICATES, &error);

    if (root == NULL)
        return tm_fail(job, "bad-input", "found \"%.40s\" (%s), " EXPECTED, data, error.text);
    if (json_unpack_ex(root, &error, JSON_STRICT, "{s:s}", "path", &path) < 0)
        result = tm_fail(job, "bad-input", "found \"%.80s\" (%s), " EXPECTED, data, error.text);
    else
        result = reply_file(job, path);
    json_decref(root);
    return result;
}

static const char *describe(void)
{
    return "{\"help\":\"Replies with the bytes of a file below the configured root.\",\"input\":"
           "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"}},"
           "\"required\":[\"path\"],\"additionalProperties\":false}}";
}

TM_MODULE(.name = "readfile", .version = "1.0", .init = init, .run = run, .fini = fini,
          .describe = describe);
