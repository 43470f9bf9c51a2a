/* dialogue: a whole conversation of the command with a fake server: one request, one answer. */
#ifndef TASKMASTER_TESTS_UNIT_CLIENT_DIALOGUE_H
#define TASKMASTER_TESTS_UNIT_CLIENT_DIALOGUE_H

#include "tests/unit/client/client_child.h"
#include "tests/unit/client/client_fake.h"

struct dialogue {
    const char *expect; /* the submit, see fake_expect() */
    const char *payload;
    const char *answer;
};

CHILD_UNUSED static void plays_dialogue(struct fake *fake)
{
    const struct dialogue *dialogue = fake->arg;
    fake_welcome(fake);
    fake_expect(fake, dialogue->expect);
    fake_expect_payload(fake, dialogue->payload);
    fake_send(fake, dialogue->answer);
    fake_expect_end(fake);
}

CHILD_UNUSED static void assert_run(const struct dialogue *dialogue, const char *const *args,
                                    const char *input, int status, const char *output,
                                    const char *errors)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_dialogue, (void *)dialogue);
    child_run(&child, fake.address, input, args);
    fake_finish(&fake);
    child_assert(&child, status, output, errors);
}

#define SUBMIT_FIB "{\"op\":\"submit\",\"id\":1,\"module\":\"fib\",\"link\":true,\"size\":2}"
#define DONE       "{\"event\":\"done\",\"id\":1,\"job\":\"k-1\",\"size\":6}\n832040"

CHILD_UNUSED static void plays_answer(struct fake *fake)
{
    const struct dialogue *dialogue = fake->arg;
    fake_welcome(fake);
    fake_expect(fake, dialogue->expect);
    fake_send(fake, dialogue->answer);
    fake_expect_end(fake);
}

CHILD_UNUSED static void assert_answer(const struct dialogue *dialogue, const char *const *args,
                                       int status, const char *output, const char *errors)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_answer, (void *)dialogue);
    child_run(&child, fake.address, "", args);
    fake_finish(&fake);
    child_assert(&child, status, output, errors);
}

/* The answer has a payload. */
CHILD_UNUSED static void assert_shown(const char *request, const char *event, const char *payload,
                                      const char *const *args, const char *output)
{
    char answer[4096];
    const struct dialogue dialogue = {request, "", answer};
    snprintf(answer, sizeof answer, "{\"event\":\"%s\",\"id\":1,\"size\":%zu}\n%s", event,
             strlen(payload), payload);
    assert_answer(&dialogue, args, 0, output, "");
}

#endif
