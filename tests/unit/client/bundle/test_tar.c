/* An archive that tar(1) reads; a descriptor that takes nothing. */
#include "client/bundle/tar.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void assert_output(const char *command, const char *path, const char *expected)
{
    char line[256], text[4096] = "";
    snprintf(line, sizeof line, "%s %s", command, path);
    FILE *pipe = popen(line, "r");
    size_t len = fread(text, 1, sizeof text - 1, pipe);
    text[len] = '\0';
    ck_assert_int_eq(pclose(pipe), 0);
    ck_assert_str_eq(text, expected);
}

START_TEST(files)
{
    char path[] = "/tmp/test_tar.XXXXXX", large[1025], expected[2048];
    struct tar tar;
    int fd = mkstemp(path);
    memset(large, 'x', sizeof large);
    snprintf(expected, sizeof expected, "%.*s%.*s", 512, large, (int)sizeof large, large);
    tar_open(&tar, fd, "folder");
    tar_add(&tar, "empty", "", 0);
    tar_add(&tar, "sub/block", large, 512);
    tar_add(&tar, "large", large, sizeof large);
    ck_assert_int_eq(tar_close(&tar), 0);
    close(fd);
    assert_output("tar tf", path, "folder/empty\nfolder/sub/block\nfolder/large\n");
    assert_output("tar xOf", path, expected);
    unlink(path);
}
END_TEST

START_TEST(no_room)
{
    struct tar tar;
    int fd = open("/dev/full", O_WRONLY);
    tar_open(&tar, fd, "folder");
    tar_add(&tar, "file", "text", 4);
    ck_assert_int_eq(tar_close(&tar), -1);
    ck_assert_int_eq(errno, ENOSPC);
    close(fd);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("tar");
    tcase_add_test(tcase, files);
    tcase_add_test(tcase, no_room);
    Suite *suite = suite_create("client tar");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
