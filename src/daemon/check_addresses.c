/* check_addresses: see check_addresses.h. */
#include "daemon/check_addresses.h"

#include "common/xmalloc.h"
#include "net/address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

/* One address of the settings. */
struct place {
    const char *key, *text;
    struct address address;
    bool known;
};

/* A socket's file needs its directory, and takes the place of no other file. */
static bool check_socket_file(const struct daemon_check *check, const struct place *place)
{
    char dir[sizeof place->address.storage];
    const struct sockaddr_un *un = (const struct sockaddr_un *)&place->address.storage;
    const char *slash = strrchr(un->sun_path, '/');
    struct stat st;
    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - un->sun_path) : 1,
             slash ? un->sun_path : ".");
    if (stat(*dir ? dir : "/", &st) < 0)
        daemon_check_tell(check, FINDING_FAULT, place->key, NULL,
                          "found \"%s\", expected an existing directory: %s: %s", place->text, dir,
                          strerror(errno));
    else if (lstat(un->sun_path, &st) == 0 && !S_ISSOCK(st.st_mode))
        daemon_check_tell(check, FINDING_FAULT, place->key, NULL,
                          "found \"%s\", which is there and is no socket", place->text);
    else
        return true;
    return false;
}

static bool check_place(const struct daemon_check *check, struct place *place)
{
    char why[128];
    if (address_parse(&place->address, place->text, why, sizeof why) < 0) {
        daemon_check_tell(check, FINDING_FAULT, place->key, NULL, "found \"%s\": %s", place->text,
                          why);
        return false;
    }
    place->known = true;
    return place->address.kind != ADDRESS_UNIX || check_socket_file(check, place);
}

static bool check_clash(const struct daemon_check *check, const struct place *place,
                        const struct place *before)
{
    if (!place->known || !before->known || !address_clash(&place->address, &before->address))
        return true;
    daemon_check_tell(check, FINDING_FAULT, place->key, NULL,
                      "found \"%s\", which \"%s\" of %s has taken", place->text, before->text,
                      before->key);
    return false;
}

bool daemon_check_addresses(const struct daemon_check *check, const struct option_list *listen,
                            const struct check_address *more)
{
    size_t count = listen->count + (more->key != NULL);
    struct place *places = xcalloc(count, sizeof *places);
    bool fine = true;
    for (size_t i = 0; i < count; i++) {
        bool is_more = i == listen->count;
        places[i] = (struct place){.key = is_more ? more->key : "listen",
                                   .text = is_more ? more->text : listen->items[i]};
        fine &= check_place(check, &places[i]);
        for (size_t j = 0; j < i; j++)
            fine &= check_clash(check, &places[i], &places[j]);
    }
    free(places);
    return fine;
}
