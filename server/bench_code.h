/* bench_code — `xueying bench code`, `xueying code bench`: of 400 drawn collection codes, how many are not read, how
 * many are read wrongly, and what a picture costs; beside it zxing-cpp alone on the same pictures in the same run.
 *
 * Rows: code_read (ratio = ours / zxing-cpp alone), code_unread (goal: at most 1 %), code_wrong (goal: none), code_ms.
 * Needs xueying-code-bench beside the program (built where libqrencode is); says so and returns false otherwise. */
#ifndef XY_BENCH_CODE_H
#define XY_BENCH_CODE_H

#include "bench_server.h"

bool bench_code(struct bench_report *report);

#endif
