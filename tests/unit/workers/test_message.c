/* test_message: headers of the workers' protocol, and their faults. */
#include "workers/message.h"

#include "common/job_progress.h"
#include "tests/unit/support.h"

static struct wire_head head;
static struct worker_message_due due;

static void set_up(void)
{
    due = (struct worker_message_due){.ready = true, .job = true, .seq = 5, .payload_max = 1000};
}

static const char *check(enum wire_type type)
{
    head.magic = WIRE_MAGIC;
    head.type = type;
    return worker_message_check(&head, &due);
}

static struct wire_head failure(uint32_t kind)
{
    return (struct wire_head){.job = 5, .kind = kind};
}

START_TEST(test_head)
{
    char data[sizeof(struct wire_head)];
    struct wire_head made = worker_message_head(WIRE_RUN, "echo"), taken;
    ck_assert_uint_eq(made.magic, WIRE_MAGIC);
    ck_assert_uint_eq(made.type, WIRE_RUN);
    ck_assert_str_eq(made.name, "echo");
    memset(made.name, 'x', sizeof made.name); /* a broken worker's name has no end */
    memcpy(data, &made, sizeof made);
    worker_message_take_head(&taken, data);
    ck_assert_uint_eq(strlen(taken.name), sizeof taken.name - 1);
}
END_TEST

START_TEST(test_body)
{
    head = (struct wire_head){.size = 30};
    ck_assert_uint_eq(worker_message_body(&head), 30);
    head.text_len = 7; /* the text comes first */
    ck_assert_uint_eq(worker_message_body(&head), 7);
}
END_TEST

START_TEST(test_hello)
{
    head = worker_message_head(WIRE_HELLO, "");
    head.size = sizeof(struct wire_hello);
    ck_assert_ptr_null(worker_message_check_hello(&head));
    head.text_len = 1;
    ck_assert_str_eq(worker_message_check_hello(&head), "its hello has a wrong size");
    head.text_len = 0;
    head.size++;
    ck_assert_str_eq(worker_message_check_hello(&head), "its hello has a wrong size");
    head.type = WIRE_READY;
    ck_assert_str_eq(worker_message_check_hello(&head), "it does not speak the workers' protocol");
    head = (struct wire_head){.type = WIRE_HELLO, .size = sizeof(struct wire_hello)};
    ck_assert_str_eq(worker_message_check_hello(&head), "it does not speak the workers' protocol");
}
END_TEST

START_TEST(test_ready)
{
    head = (struct wire_head){.type = 0};
    ck_assert_ptr_null(check(WIRE_READY));
    head.size = 1;
    ck_assert_str_eq(check(WIRE_READY), "ready twice");
    head.size = 0;
    due.ready = false;
    ck_assert_str_eq(check(WIRE_READY), "ready twice");
}
END_TEST

START_TEST(test_answers)
{
    head = (struct wire_head){.job = 5, .size = 1000};
    ck_assert_ptr_null(check(WIRE_DONE));
    head.size++;
    ck_assert_str_eq(check(WIRE_DONE), "a result beyond payload-max");
    head.size = 0;
    head.text_len = 1;
    ck_assert_str_eq(check(WIRE_DONE), "a text that is too long");
    head.job = 6;
    ck_assert_str_eq(check(WIRE_DONE), "an answer for another job");
    due.job = false;
    ck_assert_str_eq(check(WIRE_DONE), "an answer without a job");
    head.text_len = 0;
    ck_assert_ptr_null(check(WIRE_ANSWERED)); /* whichever job its results are of */
    ck_assert_ptr_null(check(WIRE_PONG));
    head.size = 1;
    ck_assert_str_eq(check(WIRE_PONG), "a message that is too long");
    ck_assert_str_eq(check(WIRE_ANSWERED), "a message that is too long");
}
END_TEST

START_TEST(test_progress)
{
    head = (struct wire_head){.job = 5, .size = JOB_PROGRESS_SIZE_MIN};
    ck_assert_ptr_null(check(WIRE_PROGRESS));
    head.size = sizeof(struct job_progress);
    ck_assert_ptr_null(check(WIRE_PROGRESS));
    head.size++;
    ck_assert_str_eq(check(WIRE_PROGRESS), "a report on progress of a wrong size");
    head.size = JOB_PROGRESS_SIZE_MIN - 1;
    ck_assert_str_eq(check(WIRE_PROGRESS), "a report on progress of a wrong size");
    head.size++;
    head.text_len = 1;
    ck_assert_str_eq(check(WIRE_PROGRESS), "a report on progress of a wrong size");
    head.text_len = 0;
    head.job = 6;
    ck_assert_str_eq(check(WIRE_PROGRESS), "an answer for another job");
}
END_TEST

START_TEST(test_failures)
{
    for (uint32_t kind = WIRE_KIND_MODULE; kind <= WIRE_KIND_UNFIT; kind++) {
        head = failure(kind);
        head.text_len = WIRE_TEXT_MAX;
        ck_assert_ptr_null(check(WIRE_FAILED));
    }
    head.text_len++;
    ck_assert_str_eq(check(WIRE_FAILED), "a text that is too long");
    head = failure(WIRE_KIND_UNFIT + 1);
    ck_assert_str_eq(check(WIRE_FAILED), "a failure of an unknown kind");
    head = failure(WIRE_KIND_MODULE - 1);
    ck_assert_str_eq(check(WIRE_FAILED), "a failure of an unknown kind");
}
END_TEST

START_TEST(test_leaving)
{
    head = (struct wire_head){.job = 5, .leaving = WIRE_LEAVING_FILES};
    ck_assert_ptr_null(check(WIRE_DONE));
    ck_assert_ptr_null(check(WIRE_ANSWERED));
    head.job = 0;
    ck_assert_str_eq(check(WIRE_READY), "an unknown reason for leaving");
    head.leaving++;
    ck_assert_str_eq(check(WIRE_ANSWERED), "an unknown reason for leaving");
}
END_TEST

/* A worker sends none of the master's messages. */
START_TEST(test_unknown)
{
    head = (struct wire_head){.job = 5};
    ck_assert_str_eq(check(WIRE_HELLO), "a message of an unknown type");
    ck_assert_str_eq(check(WIRE_WELCOME), "a message of an unknown type");
    ck_assert_str_eq(check(WIRE_RUN), "a message of an unknown type");
    ck_assert_str_eq(check(999), "a message of an unknown type");
    head.magic++;
    head.type = WIRE_DONE;
    ck_assert_str_eq(worker_message_check(&head, &due), "a header with a wrong magic number");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("message");
    TCase *tc = tcase_create("message");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, test_head);
    tcase_add_test(tc, test_body);
    tcase_add_test(tc, test_hello);
    tcase_add_test(tc, test_ready);
    tcase_add_test(tc, test_answers);
    tcase_add_test(tc, test_progress);
    tcase_add_test(tc, test_failures);
    tcase_add_test(tc, test_leaving);
    tcase_add_test(tc, test_unknown);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
