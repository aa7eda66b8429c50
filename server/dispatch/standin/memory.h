/* memory — what a stand-in was told to do wrong, and what it received. Behind http.h; one thread. */
#ifndef XY_STANDIN_MEMORY_H
#define XY_STANDIN_MEMORY_H

#include "dispatch/standin/http.h"

#define LOG_MAX            20000
#define LOG_BODY_BYTES_MAX KIB(4)
#define FAULTS_MAX         16

struct memory {
    struct fault {
        char kind[24], path[80];
        int64_t times, value;
    } faults[FAULTS_MAX];
    struct entry {
        char method[8], path[160], fault[24];
        char *body;
    } log[LOG_MAX];
    size_t log_count; /* ever; the newest LOG_MAX are kept */
};

/* The first fault of this kind that fits the path, counted down. */
bool memory_fault(struct memory *memory, const char *kind, const char *path, int64_t *value);

/* POST /fault, GET /log: the return value is the status. */
int memory_fault_set(struct memory *memory, const struct standin_request *request, struct buf *out);
int memory_write(const struct memory *memory, const struct standin_request *request, struct buf *out);

void memory_add(struct memory *memory, const struct standin_request *request, const char *fault);
void memory_forget(struct memory *memory); /* the log; also before the memory goes */

#endif
