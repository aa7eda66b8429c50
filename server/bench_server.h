/* bench_server — a real `xueying serve` in a folder of its own, seeded through the store before it starts; and the bare
 * programs it is measured against. For `xueying bench` and the kill loop. Main thread. */
#ifndef XY_BENCH_SERVER_H
#define XY_BENCH_SERVER_H

#include "base/base.h"
#include "base/crypt.h"

struct bench_student {
    char id[CRYPT_ID_TEXT_BYTES], submission_id[CRYPT_ID_TEXT_BYTES];
    char token[CRYPT_TOKEN_TEXT_BYTES];
    char payment_id[CRYPT_ID_TEXT_BYTES]; /* "" without a price */
};

struct bench_server {
    char folder[256];
    int pid, port;
    int output_fd;
    int64_t ready_ms; /* from fork to the line that says it listens */
    struct bench_student *students;
    size_t student_count;
};

struct cli;
bool bench_folder(struct bench_server *server);            /* a new folder under $TMPDIR or /tmp */
bool bench_open_data(struct cli *cli, const char *folder); /* schema and store in FOLDER/data */
/* Makes the folder and `students` students, each with a login and a draft submission in one session: free, or with
 * price_fen and an order that the bank knows and nobody has paid. */
bool bench_server_seed(struct bench_server *server, size_t students, int64_t price_fen);
/* More arguments: "--name=value", ended by NULL. */
bool bench_server_start(struct bench_server *server, const char *const *more);
void bench_server_stop(struct bench_server *server); /* SIGTERM, waits */
void bench_server_remove(struct bench_server *server);
int64_t bench_rss_kib(int pid);  /* resident memory of a process */
int64_t bench_peak_kib(int pid); /* the most it ever had */

/* Start a bare program of build/ ("xueying-http-floor", …) that prints one line with a number when it is ready. */
bool bench_floor_start(const char *program, const char *const *arguments, int *pid, int *fd, int64_t *number);
void bench_floor_stop(int pid, int fd);

/* Rows of `xueying bench`, collected and printed together. */
#define BENCH_ROWS_MAX 32
struct bench_row {
    const char *name, *unit;
    double ours, raw; /* raw 0: no counterpart; then ratio is left out */
    double goal;      /* smallest good ratio, or largest good `ours` when raw is 0; 0: none */
};
struct bench_report {
    struct bench_row rows[BENCH_ROWS_MAX];
    size_t count;
    bool json; /* rows are printed as one list at the end; else each as it comes */
};
void bench_add(struct bench_report *report, struct bench_row row);
void bench_end(const struct bench_report *report);  /* the list, when json */
bool bench_good(const struct bench_report *report); /* every goal is met */
double bench_median(double *values, size_t count);

#endif
