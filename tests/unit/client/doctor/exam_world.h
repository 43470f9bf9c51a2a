/* exam_world: an exam out of JSON texts, and the findings of a check in one line each. */
#ifndef TASKMASTER_TESTS_UNIT_CLIENT_DOCTOR_EXAM_WORLD_H
#define TASKMASTER_TESTS_UNIT_CLIENT_DOCTOR_EXAM_WORLD_H

#include "client/doctor/doctor.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

#define WORLD_UNUSED __attribute__((unused))

WORLD_UNUSED static json_t *world_load(const char *text)
{
    json_t *value = text ? json_loads(text, 0, NULL) : NULL;
    ck_assert(!text || value);
    return value;
}

/* Asserts the findings: "level check about; ...". */
WORLD_UNUSED static void world_assert(const struct findings *findings, const char *expected)
{
    char text[1024] = "";
    size_t i;
    json_t *finding;
    json_array_foreach (findings->list, i, finding) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s%s %s %s", i ? "; " : "",
                 json_string_value(json_object_get(finding, "level")),
                 json_string_value(json_object_get(finding, "check")),
                 json_string_value(json_object_get(finding, "about")));
        ck_assert_ptr_nonnull(json_object_get(finding, "text"));
        ck_assert_ptr_nonnull(json_object_get(finding, "advice"));
    }
    ck_assert_str_eq(text, expected);
}

/* The answers of a server. The looks between the first and the last are as the last one. */
struct world_answers {
    const char *first, *last; /* NULL: as the first */
    const char *modules, *crashes, *clients_before, *clients;
};

WORLD_UNUSED static void world_check(void (*check)(const struct exam *exam,
                                                   struct findings *findings),
                                     const struct world_answers *answers, const char *expected)
{
    struct findings findings;
    json_t *first = world_load(answers->first);
    json_t *last = answers->last ? world_load(answers->last) : json_incref(first);
    json_t *lists[] = {world_load(answers->modules), world_load(answers->crashes),
                       world_load(answers->clients_before), world_load(answers->clients)};
    struct exam exam = {.release = "taskmasterd/0.0.1",
                        .looks = {first, last, last, last, last},
                        .span_us = 2000000,
                        .modules = lists[0],
                        .crashes = lists[1],
                        .clients_before = lists[2],
                        .clients = lists[3]};
    findings_open(&findings);
    check(&exam, &findings);
    world_assert(&findings, expected);
    findings_close(&findings);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        json_decref(lists[i]);
    json_decref(first);
    json_decref(last);
}

#endif
