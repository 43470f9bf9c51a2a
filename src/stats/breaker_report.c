/* breaker_report: see breaker_report.h. */
#include "stats/breaker_report.h"

json_t *breaker_report(const struct module_breaker *breaker, uint64_t now_us)
{
    json_t *item = json_object();
    json_object_set_new(item, "state", json_string(module_breaker_state_name(breaker, now_us)));
    json_object_set_new(item, "retry_ms",
                        json_integer((json_int_t)module_breaker_retry_ms(breaker, now_us)));
    json_object_set_new(item, "opened", json_integer((json_int_t)breaker->opened));
    return item;
}
