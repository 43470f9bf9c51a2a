/* breaker_report: see breaker_report.h. */
#include "stats/breaker_report.h"

#include "base/figures.h"

json_t *breaker_report(const struct module_breaker *breaker, uint64_t now_us)
{
    json_t *item = json_object();
    figures_set_text(item, "state", module_breaker_state_name(breaker, now_us));
    figures_set(item, "retry_ms", module_breaker_retry_ms(breaker, now_us));
    figures_set(item, "opened", breaker->opened);
    return item;
}
