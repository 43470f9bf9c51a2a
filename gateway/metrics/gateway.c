/* metrics_gateway: the families of taskmaster-http itself. */
#include "gateway/metrics/metric.h"
#include "gateway/metrics/metrics.h"

static const struct metric rows[] = {
    {.name = "requests_total",
     .type = EXPOSITION_COUNTER,
     .path = "requests.ended",
     .help = "Requests that were answered, or given up by their clients."},
    {.name = "requests",
     .type = EXPOSITION_GAUGE,
     .path = "requests.open",
     .help = "Requests in progress, with streams."},
};

const struct metrics_kind metrics_gateway = {"taskmaster_http_", rows, sizeof rows / sizeof *rows};
