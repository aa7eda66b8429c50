#include "dispatch/standin/memory.h"

#include "base/check.h"
#include "base/text.h"

bool memory_fault(struct memory *memory, const char *kind, const char *path, int64_t *value)
{
    for (size_t i = 0; i < FAULTS_MAX; i++) {
        struct fault *f = &memory->faults[i];
        if (f->times > 0 && strcmp(f->kind, kind) == 0 && text_starts(path, f->path) &&
            (f->body[0] == '\0' || (memory->body != NULL && strstr(memory->body, f->body) != NULL))) {
            f->times--;
            if (memory->entry != NULL)
                snprintf(memory->entry->fault, sizeof memory->entry->fault, "%s", kind);
            if (value != NULL)
                *value = f->value;
            return true;
        }
    }
    return false;
}

int memory_fault_set(struct memory *memory, const struct standin_request *r, struct buf *out)
{
    const char *kind = json_text_at(r->json, "kind", NULL);
    json_object_open(out);
    json_object_close(out);
    if (kind == NULL || strlen(kind) >= sizeof memory->faults[0].kind)
        return 400;
    if (strcmp(kind, "none") == 0) {
        memset(memory->faults, 0, sizeof memory->faults);
        return 200;
    }
    for (size_t i = 0; i < FAULTS_MAX; i++) {
        struct fault *f = &memory->faults[i];
        if (f->times > 0)
            continue;
        snprintf(f->kind, sizeof f->kind, "%s", kind);
        snprintf(f->path, sizeof f->path, "%s", json_text_at(r->json, "path", ""));
        snprintf(f->body, sizeof f->body, "%s", json_text_at(r->json, "body", ""));
        f->times = json_int_at(r->json, "times", 1);
        f->value = json_int_at(r->json, "value", 0);
        return 200;
    }
    return 409;
}

void memory_begin(struct memory *memory, const struct standin_request *r)
{
    memory->body = r->body;
    memory->entry = NULL;
}

void memory_done(struct memory *memory)
{
    memory->body = NULL;
    memory->entry = NULL;
}

void memory_add(struct memory *memory, const struct standin_request *r, const char *fault)
{
    struct entry *e = &memory->log[memory->log_count++ % LOG_MAX];
    free(e->body);
    snprintf(e->method, sizeof e->method, "%s", r->method);
    snprintf(e->path, sizeof e->path, "%s", r->path);
    snprintf(e->fault, sizeof e->fault, "%s", fault);
    bool keep = r->body_len <= LOG_BODY_BYTES_MAX && text_utf8_valid(r->body, r->body_len);
    e->body = strdup(keep ? r->body : "");
    CHECK(e->body != NULL);
    memory->entry = e;
}

void memory_forget(struct memory *memory)
{
    for (size_t i = 0; i < LOG_MAX; i++) {
        free(memory->log[i].body);
        memory->log[i].body = NULL;
    }
    memory->log_count = 0;
    memory->entry = NULL;
}

int memory_write(const struct memory *memory, const struct standin_request *r, struct buf *out)
{
    const char *path = standin_query(r, "path");
    size_t from = memory->log_count > LOG_MAX ? memory->log_count - LOG_MAX : 0, count = 0;
    json_object_open(out);
    json_name(out, "items");
    json_array_open(out);
    for (size_t i = from; i < memory->log_count; i++) {
        const struct entry *e = &memory->log[i % LOG_MAX];
        if (path != NULL && strcmp(path, e->path) != 0)
            continue;
        count++;
        json_object_open(out);
        json_put_int(out, "number", (int64_t)i + 1);
        json_put_text(out, "method", e->method);
        json_put_text(out, "path", e->path);
        json_put_text(out, "body", e->body);
        json_put_text(out, "fault", e->fault);
        json_object_close(out);
    }
    json_array_close(out);
    json_put_int(out, "count", (int64_t)count);
    json_object_close(out);
    return 200;
}
