/* memory — what a stand-in was told to do wrong, and what it received. Behind http.h; one thread. */
#ifndef XY_STANDIN_MEMORY_H
#define XY_STANDIN_MEMORY_H

#include "dispatch/standin/http.h"

#define LOG_MAX            20000
#define LOG_BODY_BYTES_MAX KIB(4)
#define FAULTS_MAX         1024

struct memory {
    struct fault {
        char kind[24], path[80], body[64]; /* body: stands in the request's body; "" any */
        int64_t times, value;
    } faults[FAULTS_MAX];
    struct entry {
        char method[8], path[160], fault[24];
        char *body;
    } log[LOG_MAX];
    size_t log_count;    /* ever; the newest LOG_MAX are kept */
    const char *body;    /* of the request in hand; NULL: none is */
    struct entry *entry; /* its entry, as soon as it has one */
};

/* The first fault of this kind that fits the path and the request in hand, counted down and noted in its entry. */
bool memory_fault(struct memory *memory, const char *kind, const char *path, int64_t *value);

/* POST /fault, GET /log: the return value is the status. */
int memory_fault_set(struct memory *memory, const struct standin_request *request, struct buf *out);
int memory_write(const struct memory *memory, const struct standin_request *request, struct buf *out);

/* A request is in hand until the next one, or until memory_done. */
void memory_begin(struct memory *memory, const struct standin_request *request);
void memory_done(struct memory *memory);
void memory_add(struct memory *memory, const struct standin_request *request, const char *fault);
void memory_forget(struct memory *memory); /* the log; also before the memory goes */

#endif
