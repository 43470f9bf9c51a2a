/* The command with closed standard descriptors. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

/* Runs the command with the descriptors in `closed` (of 0, 1, 2) closed. `text` gets all its
 * output. Returns the exit status. */
static int run_without(const char *closed, const char *server, const char *const *args,
                       char text[1024])
{
    struct child_image image = {0};
    int pipe_fds[2], status;
    size_t len = 0;
    child_image_name(&image, args);
    child_image_environ(&image, server);
    ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        dup2(pipe_fds[1], 1);
        dup2(pipe_fds[1], 2);
        for (; *closed; closed++)
            close(*closed - '0');
        execve(image.path, image.argv, image.env);
        _exit(126);
    }
    close(pipe_fds[1]);
    for (ssize_t count = 1; count > 0; len += (size_t)count) {
        struct pollfd poll_fd = {.fd = pipe_fds[0], .events = POLLIN};
        ck_assert_msg(poll(&poll_fd, 1, CHILD_DEADLINE_MS) > 0, "the command is stuck");
        count = read(pipe_fds[0], text + len, 1023 - len);
        ck_assert_int_ge(count, 0);
    }
    text[len] = '\0';
    close(pipe_fds[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static void plays_hello(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect_end(fake);
}

#define BAD_MODULE \
    "{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"module\",\"message\":\"no\"}\n"
#define NO_INPUT  "taskmaster: cannot read standard input: Bad file descriptor\n"
#define NO_OUTPUT "taskmaster: cannot write: Bad file descriptor\n"

/* The connection takes no closed descriptor's place: the server gets its requests and nothing else,
 * and using the descriptor fails. */
START_TEST(closed_descriptors)
{
    static const struct dialogue done = {SUBMIT_FIB, "30", DONE},
                                 failed = {SUBMIT_FIB, "30", BAD_MODULE};
    static const struct {
        const char *closed;
        const struct dialogue *dialogue; /* NULL: nothing is submitted */
        const char *args[4];
        int status;
        const char *text;
    } cases[] = {
        {"0", NULL, {"run", "fib"}, 1, NO_INPUT},
        {"0", NULL, {"run", "fib", "--each"}, 1, NO_INPUT},
        {"0", &done, {"run", "fib", "30"}, 0, "832040"},
        {"1", &done, {"run", "fib", "30"}, 1, NO_OUTPUT},
        {"1", &failed, {"run", "fib", "30"}, 1, "taskmaster: job k-1 failed (module): no\n"},
        {"2", &done, {"run", "fib", "30"}, 0, "832040"},
        {"2", &failed, {"run", "fib", "30"}, 1, ""},
        {"02", NULL, {"run", "fib"}, 1, ""},
        {"012", &done, {"run", "fib", "30"}, 1, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake fake;
        char text[1024];
        fake_start(&fake, cases[i].dialogue ? plays_dialogue : plays_hello,
                   (void *)cases[i].dialogue);
        int status = run_without(cases[i].closed, fake.address, cases[i].args, text);
        fake_finish(&fake);
        ck_assert_msg(status == cases[i].status && strcmp(text, cases[i].text) == 0,
                      "case %zu: %d, %s", i, status, text);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        closed_descriptors,
    };
    TCase *tcase = tcase_create("main");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client main");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
