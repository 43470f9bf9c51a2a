/* one_worker: see one_worker.h. */
#include "tests/unit/worker/one_worker.h"

#include <check.h>
#include <string.h>
#include <sys/wait.h>

struct fake_master master;

void start_worker(void)
{
    fake_master_start(&master, make_settings("modules", ""));
}

void start_with_test_modules(const char *more)
{
    fake_master_start(&master, make_settings("tests/modules", more));
}

void assert_done(const struct answer *answer, const char *result)
{
    ck_assert_msg(answer->head.type == WIRE_DONE, "failed: %s %s", answer->head.name, answer->text);
    ck_assert_uint_eq(answer->head.size, strlen(result));
    ck_assert_str_eq(answer->payload, result);
}

void assert_broken(const char *words)
{
    int status = fake_master_wait(&master);

    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %#x", (unsigned)status);
    ck_assert_msg(strstr(master.log, words) != NULL, "\"%s\" is not in the log:\n%s", words,
                  master.log);
    ck_assert_msg(strstr(master.log, "probe ends") == NULL, "fini was called");
    fake_master_free(&master);
}
