/* worker_message: see message.h. */
#include "workers/message.h"

#include "common/job_progress.h"
#include "common/log.h"

#include <string.h>

struct wire_head worker_message_head(enum wire_type type, const char *name)
{
    struct wire_head head = {.magic = WIRE_MAGIC, .type = type};
    size_t len = strlen(name);
    bug_on(len >= sizeof head.name);
    memcpy(head.name, name, len);
    return head;
}

void worker_message_take_head(struct wire_head *head, const char *data)
{
    memcpy(head, data, sizeof *head);
    head->name[sizeof head->name - 1] = '\0';
}

size_t worker_message_body(const struct wire_head *head)
{
    return head->text_len ? head->text_len : (size_t)head->size;
}

const char *worker_message_check_hello(const struct wire_head *head)
{
    if (head->magic != WIRE_MAGIC || head->type != WIRE_HELLO)
        return "it does not speak the workers' protocol";
    if (head->size != sizeof(struct wire_hello) || head->text_len)
        return "its hello has a wrong size";
    return NULL;
}

static const char *check_job(const struct wire_head *head, const struct worker_message_due *due)
{
    if (!due->job)
        return "an answer without a job";
    return due->seq == head->job ? NULL : "an answer for another job";
}

static const char *check_progress(const struct wire_head *head,
                                  const struct worker_message_due *due)
{
    if (head->text_len || head->size < JOB_PROGRESS_SIZE_MIN ||
        head->size > sizeof(struct job_progress))
        return "a report on progress of a wrong size";
    return check_job(head, due);
}

static const char *check_answer(const struct wire_head *head, const struct worker_message_due *due)
{
    const char *fault = check_job(head, due);
    if (fault)
        return fault;
    if (head->text_len > WIRE_TEXT_MAX || (head->text_len && head->type != WIRE_FAILED))
        return "a text that is too long";
    if (head->size > due->payload_max)
        return "a result beyond payload-max";
    if (head->type == WIRE_FAILED &&
        (head->kind < WIRE_KIND_MODULE || head->kind > WIRE_KIND_UNFIT))
        return "a failure of an unknown kind";
    if (head->type == WIRE_FAILED && head->kind == WIRE_KIND_UNFIT && due->parted)
        return "a job that was not begun, with parts";
    if (head->type == WIRE_PART && !due->parts)
        return "a part that nobody wants";
    return NULL;
}

const char *worker_message_check(const struct wire_head *head, const struct worker_message_due *due)
{
    if (head->magic != WIRE_MAGIC)
        return "a header with a wrong magic number";
    if (head->leaving > (head->type == WIRE_READY ? WIRE_STAYS : WIRE_LEAVING_FILES))
        return "an unknown reason for leaving";
    switch (head->type) {
    case WIRE_ANSWERED:
    case WIRE_PONG:
        return worker_message_body(head) ? "a message that is too long" : NULL;
    case WIRE_READY:
        return due->ready && !worker_message_body(head) ? NULL : "ready twice";
    case WIRE_PROGRESS:
        return check_progress(head, due);
    case WIRE_PART:
    case WIRE_DONE:
    case WIRE_FAILED:
        return check_answer(head, due);
    default:
        return "a message of an unknown type";
    }
}
