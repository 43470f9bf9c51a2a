/* unix_bound: see unix_bound.h. */
#include "net/unix_bound.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BUFFER_SIZE = 32 * 1024, /* the kernel's messages are no longer */
    DEV_MINOR_BITS = 20,     /* of the kernel's own form of a device */
};

struct wanted {
    const char *path;
    const struct stat *st;
};

static bool ask(int fd)
{
    struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } message = {
        .header = {.nlmsg_len = sizeof message,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .request = {.sdiag_family = AF_UNIX,
                    .udiag_states = UINT32_MAX,
                    .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS},
    };
    return send(fd, &message, sizeof message, 0) == (ssize_t)sizeof message;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The socket's bound name leads to the file. Needed because the kernel shows other file and device
 * numbers here for some file systems. */
static bool is_named(const struct wanted *wanted, const char *data, size_t len)
{
    char name[sizeof((struct sockaddr_un *)0)->sun_path + 1];
    struct stat st;
    if (len >= sizeof name)
        return false;
    memcpy(name, data, len);
    name[len] = '\0';
    return name[0] == '/' && strcmp(base_name(name), base_name(wanted->path)) == 0 &&
           lstat(name, &st) == 0 && st.st_ino == wanted->st->st_ino &&
           st.st_dev == wanted->st->st_dev;
}

static bool is_file(const struct wanted *wanted, const struct unix_diag_vfs *vfs)
{
    uint32_t dev =
        major(wanted->st->st_dev) << DEV_MINOR_BITS | (uint32_t)minor(wanted->st->st_dev);
    return vfs->udiag_vfs_ino == (uint32_t)wanted->st->st_ino && vfs->udiag_vfs_dev == dev;
}

static bool is_wanted(const struct wanted *wanted, const struct nlmsghdr *header)
{
    size_t at = NLMSG_LENGTH(sizeof(struct unix_diag_msg));
    while (at + sizeof(struct rtattr) <= header->nlmsg_len) {
        const struct rtattr *attr = (const struct rtattr *)((const char *)header + at);
        const char *data = (const char *)(attr + 1);
        if (attr->rta_len < sizeof *attr || attr->rta_len > header->nlmsg_len - at)
            return false;
        size_t len = attr->rta_len - sizeof *attr;
        if (attr->rta_type == UNIX_DIAG_NAME && is_named(wanted, data, len))
            return true;
        if (attr->rta_type == UNIX_DIAG_VFS && len >= sizeof(struct unix_diag_vfs) &&
            is_file(wanted, (const struct unix_diag_vfs *)data))
            return true;
        at += RTA_ALIGN(attr->rta_len);
    }
    return false;
}

/* False when there is more to come. */
static bool look_through(const struct wanted *wanted, const char *data, size_t len,
                         enum unix_bound *found)
{
    for (size_t at = 0; at + sizeof(struct nlmsghdr) <= len;) {
        const struct nlmsghdr *header = (const struct nlmsghdr *)(data + at);
        *found = UNIX_BOUND_UNKNOWN;
        if (header->nlmsg_len < sizeof *header || header->nlmsg_len > len - at ||
            header->nlmsg_type == NLMSG_ERROR)
            return true;
        *found = UNIX_BOUND_NO;
        if (header->nlmsg_type == NLMSG_DONE)
            return true;
        *found = UNIX_BOUND_YES;
        if (is_wanted(wanted, header))
            return true;
        at += NLMSG_ALIGN(header->nlmsg_len);
    }
    return false;
}

/* The kernel has each part of its answer ready when it is asked for, so nothing is waited for. */
static enum unix_bound hear(int fd, const struct wanted *wanted)
{
    alignas(struct nlmsghdr) char data[BUFFER_SIZE];
    enum unix_bound found;
    ssize_t n;
    do
        n = recv(fd, data, sizeof data, MSG_DONTWAIT);
    while (n > 0 && !look_through(wanted, data, (size_t)n, &found));
    return n > 0 ? found : UNIX_BOUND_UNKNOWN;
}

enum unix_bound unix_bound(const char *path, const struct stat *st)
{
    const struct wanted wanted = {path, st};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return UNIX_BOUND_UNKNOWN;
    enum unix_bound found = ask(fd) ? hear(fd, &wanted) : UNIX_BOUND_UNKNOWN;
    close(fd);
    return found;
}
