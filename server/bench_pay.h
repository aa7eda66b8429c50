/* bench_pay — `xueying bench pay`: how soon the bank hears that its callback was taken (reliability.md P1: p99 at most
 * 500 ms, the bank waits 5 s). A thousand payments are told twice, eight at a time, each message signed and sealed by
 * itself as the bank does; a callback is answered when what it says is durable. The order's ledger is looked at in the
 * end: every payment is booked once.
 *
 * Rows: pay_ack_p50 and pay_ack_p99 (ms), pay_acks (a second; raw: checks of a signature by one thread doing nothing
 * else, which is what each callback cannot do without). */
#ifndef XY_BENCH_PAY_H
#define XY_BENCH_PAY_H

#include "bench_server.h"

bool bench_pay(struct bench_report *report);

#endif
