/* nodes: see nodes.h. */
#include "queue/nodes.h"

#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "common/xmalloc.h"
#include "queue/redis/node_name.h"

#include <taskmaster/version.h>

#include <stdlib.h>
#include <string.h>

/* A question on its way: to the engine, or, without a shared store, to the next turn. */
struct question {
    struct nodes *nodes;
    struct queue_inquiry *of; /* NULL: the asker has gone */
    struct store_op op;
    struct timer next;
};

/* --- answers --- */

/* `list`: JSON, the nodes. */
static void answer(struct question *question, const char *list)
{
    struct queue_inquiry *of = question->of;
    struct json_writer json;
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '{');
    json_writer_json(&json, "nodes", list, strlen(list));
    json_writer_end(&json, '}');
    char *text = json_writer_close(&json);
    struct payload *payload =
        payload_from(question->nodes->keeping->conns->output, text, strlen(text));
    free(text);
    free(question);
    of->pending = NULL;
    of->answered(of, &(struct queue_inquiry_answer){.payload = payload});
    payload_unref(payload);
}

static void answer_away(struct question *question)
{
    struct queue_inquiry *of = question->of;
    free(question);
    of->pending = NULL;
    of->answered(of, &(struct queue_inquiry_answer){.code = "storage",
                                                    .message = "the store cannot be reached now; "
                                                               "the nodes are known to it alone"});
}

/* --- the only node --- */

static char *write_self(const struct nodes *nodes)
{
    char name[NODE_NAME_MAX + 1], since[RFC3339_MAX];
    struct json_writer json;
    node_name_make(name, &(*nodes->settings)->redis);
    rfc3339_write(since, nodes->since_ms);
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '[');
    json_writer_begin(&json, NULL, '{');
    json_writer_text(&json, "node", name);
    json_writer_null(&json, "epoch");
    json_writer_bool(&json, "self", true);
    json_writer_text(&json, "version", TASKMASTER_VERSION);
    json_writer_text(&json, "since", since);
    json_writer_uint(&json, "seen_ms", 0);
    json_writer_null(&json, "lease_ms");
    json_writer_uint(&json, "held", keep_handed_count(nodes->keeping->keep));
    json_writer_end(&json, '}');
    json_writer_end(&json, ']');
    return json_writer_close(&json);
}

static void answer_self(void *arg)
{
    struct question *question = arg;
    char *list = write_self(question->nodes);
    answer(question, list);
    free(list);
}

/* --- the store's nodes --- */

static void on_done(struct store_op *op)
{
    struct question *question = (struct question *)((char *)op - offsetof(struct question, op));
    char *list = op->text;
    if (!question->of)
        free(question);
    else if (op->status == STORE_OK && list)
        answer(question, list);
    else
        answer_away(question);
    free(list);
}

void nodes_ask(struct nodes *nodes, struct queue_inquiry *of)
{
    struct question *question = xcalloc(1, sizeof *question);
    question->nodes = nodes;
    question->of = of;
    of->pending = question;
    timer_init(&question->next, answer_self, question);
    question->op = (struct store_op){.kind = STORE_NODES, .done = on_done};
    if (nodes->keeping->engine_ops->is_shared)
        keep_post(nodes->keeping->keep, &question->op);
    else
        timer_set_next(nodes->keeping->conns->timers, &question->next);
}

/* The engine has the operation until it is done. */
void nodes_forget(struct nodes *nodes, struct queue_inquiry *of)
{
    struct question *question = of->pending;
    of->pending = NULL;
    question->of = NULL;
    if (nodes->keeping->engine_ops->is_shared)
        return;
    timer_clear(nodes->keeping->conns->timers, &question->next);
    free(question);
}
