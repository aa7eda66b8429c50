/* hooks_pay — callbacks of WeChat Pay, counted: how many were taken, how many refused and why. Any thread. */
#ifndef XY_API_HOOKS_PAY_H
#define XY_API_HOOKS_PAY_H

#include "base/buf.h"

void hooks_pay_metrics(struct buf *out); /* Prometheus text */

#endif
