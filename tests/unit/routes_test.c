/* links: xy_api xy_http xy_store xy_blob */
/* routes.def and web/openapi.yaml say the same: every path and method both ways, the endpoint's name, who may, whether
 * there is a body and how large, where an Idempotency-Key is needed. The description is read line by line: it is kept
 * in a form of two spaces per level. */
#include "api/routes.c"

#include "base/text.h"
#include "http/router.h"
#include "tests/check.h"

#define OPERATIONS_MAX 200

struct operation {
    char method[8], path[128], id[64];
    bool has_body, has_key, is_open, for_students, for_staff;
    long body_length_max; /* of a part or CSV; 0: not said */
};

static struct operation operations[OPERATIONS_MAX];
static size_t operation_count;

static const char *const method_names[] = {"get", "head", "post", "put", "patch", "delete"};

static bool is_method(const char *word, size_t len)
{
    for (size_t i = 0; i < countof(method_names); i++)
        if (strlen(method_names[i]) == len && memcmp(method_names[i], word, len) == 0)
            return true;
    return false;
}

static void read_detail(struct operation *op, const char *line)
{
    const char *at;
    if ((at = strstr(line, "operationId: ")) != NULL)
        snprintf(op->id, sizeof op->id, "%s", at + 13);
    op->has_body |= strstr(line, "      requestBody:") == line;
    op->has_key |= strstr(line, "parameters/IdempotencyKey'") != NULL;
    if ((at = strstr(line, "      security:")) == line) {
        op->is_open = strstr(at, "[]}") == NULL;
        op->for_students = strstr(at, "student") != NULL;
        op->for_staff = strstr(at, "staff") != NULL;
    }
    bool is_raw = strstr(line, "text/csv: {schema") != NULL || strstr(line, "octet-stream: {schema") != NULL ||
                  strstr(line, "image/png: {schema") != NULL;
    if (op->has_body && is_raw && (at = strstr(line, "maxLength: ")) != NULL)
        op->body_length_max = strtol(at + 11, NULL, 10);
}

static void read_description(void)
{
    char line[8192], path[128] = "";
    bool in_paths = false;
    struct operation *op = NULL;
    if (operation_count > 0)
        return;
    FILE *file = fopen("web/openapi.yaml", "re");
    TRUE(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != ' ' && line[0] != '#' && line[0] != '\0')
            in_paths = strcmp(line, "paths:") == 0;
        if (!in_paths)
            continue;
        size_t indent = strspn(line, " "), len = strcspn(line + indent, ":");
        if (indent == 2 && line[2] == '/') {
            len = strlen(line + 2) - 1;
            snprintf(path, sizeof path, "%.*s", (int)len, line + 2);
        } else if (indent == 4 && is_method(line + 4, len)) {
            op = &operations[operation_count++];
            snprintf(op->method, sizeof op->method, "%.*s", (int)len, line + 4);
            snprintf(op->path, sizeof op->path, "%s", path);
        } else if (op != NULL) {
            read_detail(op, line);
        }
    }
    fclose(file);
    TRUE(operation_count > 50 && operation_count < OPERATIONS_MAX);
}

static const struct operation *operation_of(const struct route *route)
{
    for (size_t i = 0; i < operation_count; i++)
        if (strcmp(operations[i].path, route->path) == 0 &&
            strcmp(operations[i].method, method_names[route->method]) == 0)
            return &operations[i];
    return NULL;
}

TEST(every_route_is_described_and_every_description_has_a_route)
{
    read_description();
    for (size_t i = 0; i < countof(routes); i++)
        if (operation_of(&routes[i]) == NULL)
            TEST_FAIL("not described: %s %s", method_names[routes[i].method], routes[i].path);
    for (size_t i = 0; i < operation_count; i++) {
        bool found = false;
        for (size_t k = 0; k < countof(routes); k++)
            found |= operation_of(&routes[k]) == &operations[i];
        if (!found)
            TEST_FAIL("no route: %s %s", operations[i].method, operations[i].path);
    }
    EQ_INT(countof(routes), operation_count);
}

TEST(operation_ids_are_the_names_of_the_endpoints)
{
    read_description();
    for (size_t i = 0; i < countof(routes); i++)
        EQ_TEXT(routes[i].endpoint->name, operation_of(&routes[i])->id);
}

TEST(who_may_is_the_same_in_both)
{
    const unsigned known = (unsigned)(ROLE_STUDENT | ROLE_STAFF | ROLE_ANYONE);
    read_description();
    for (size_t i = 0; i < countof(routes); i++) {
        const struct operation *op = operation_of(&routes[i]);
        if (routes[i].roles == 0 || (routes[i].roles & ~known) != 0)
            TEST_FAIL("%s: nobody, or somebody unknown, may use it", op->id);
        if (((routes[i].roles & (unsigned)ROLE_ANYONE) != 0) != op->is_open ||
            ((routes[i].roles & (unsigned)ROLE_STUDENT) != 0) != op->for_students ||
            ((routes[i].roles & (unsigned)ROLE_STAFF) != 0) != op->for_staff)
            TEST_FAIL("%s: the description says somebody else", op->id);
    }
}

TEST(students_and_staff_share_no_address_but_the_way_out)
{
    for (size_t i = 0; i < countof(routes); i++) {
        bool student = (routes[i].roles & (unsigned)ROLE_STUDENT) != 0,
             staff = (routes[i].roles & (unsigned)ROLE_STAFF) != 0;
        if (student && staff)
            EQ_TEXT("logout", routes[i].endpoint->name);
        if (staff && !student)
            TRUE(text_starts(routes[i].path, "/api/v1/console/"));
        if (student && !staff)
            TRUE(!text_starts(routes[i].path, "/api/v1/console/"));
    }
}

TEST(bodies_and_their_limits_are_the_same_in_both)
{
    read_description();
    for (size_t i = 0; i < countof(routes); i++) {
        const struct operation *op = operation_of(&routes[i]);
        if ((routes[i].body_bytes_max > 0) != op->has_body)
            TEST_FAIL("%s: body %zu bytes, described: %d", op->id, routes[i].body_bytes_max, op->has_body);
        if (op->body_length_max > 0)
            EQ_INT(routes[i].body_bytes_max, op->body_length_max);
        if (routes[i].body_bytes_max >= MIB(1))
            TRUE(op->body_length_max > 0);
    }
}

TEST(keys_are_asked_for_where_an_answer_is_recorded)
{
    read_description();
    for (size_t i = 0; i < countof(routes); i++) {
        const struct endpoint *endpoint = routes[i].endpoint;
        size_t writes = 0, last = 0;
        for (size_t k = 0; k < countof(endpoint->steps) && endpoint->steps[k].place != STEP_END; k++) {
            writes += endpoint->steps[k].place == STEP_WRITE;
            last = k;
        }
        if (endpoint->idempotent_key != operation_of(&routes[i])->has_key)
            TEST_FAIL("%s: keyed %d, described %d", endpoint->name, endpoint->idempotent_key,
                      !endpoint->idempotent_key);
        if (endpoint->idempotent_key && (writes != 1 || endpoint->steps[last].place != STEP_WRITE))
            TEST_FAIL("%s: a keyed endpoint has one WRITE step, its last", endpoint->name);
        if ((routes[i].method == METHOD_GET || routes[i].method == METHOD_HEAD) && endpoint->idempotent_key)
            TEST_FAIL("%s: reading needs no key", endpoint->name);
    }
}

/* ---- no address means two things ---- */

/* Segment `n` of a path; its length, 0 behind the end. */
static size_t segment(const char *path, size_t n, const char **at)
{
    for (;; n--) {
        if (*path == '\0')
            return 0;
        *at = ++path;
        path += strcspn(path, "/");
        if (n == 0)
            return (size_t)(path - *at);
    }
}

/* Some path fits both, and neither is the more literal one everywhere: which of them is meant is anybody's guess. */
static bool clash(const struct route *a, const struct route *b)
{
    bool a_wins = false, b_wins = false;
    if (a->method != b->method)
        return false;
    for (size_t n = 0;; n++) {
        const char *left = "", *right = "";
        size_t left_len = segment(a->path, n, &left), right_len = segment(b->path, n, &right);
        if (left_len == 0 || right_len == 0)
            return left_len == right_len && a_wins == b_wins;
        bool left_any = left[0] == '{', right_any = right[0] == '{';
        if (!left_any && !right_any && (left_len != right_len || memcmp(left, right, left_len) != 0))
            return false;
        a_wins |= right_any && !left_any;
        b_wins |= left_any && !right_any;
    }
}

TEST(no_two_routes_are_ambiguous)
{
    for (size_t i = 0; i < countof(routes); i++)
        for (size_t k = 0; k < i; k++)
            if (clash(&routes[i], &routes[k]))
                TEST_FAIL("%s and %s", routes[i].path, routes[k].path);
    const struct route any = {METHOD_GET, "/a/{x}/c", 1, 0, NULL}, other = {METHOD_GET, "/a/b/{y}", 1, 0, NULL};
    TRUE(clash(&any, &other)); /* the test itself can fail */
    const struct route literal = {METHOD_GET, "/a/b/c", 1, 0, NULL};
    TRUE(!clash(&any, &literal));
}

TEST(the_router_takes_the_table)
{
    size_t count = 0;
    const struct route *all = api_routes(&count);
    EQ_INT(countof(routes), count);
    struct router *router = router_new(all, count);
    struct route_match match;
    EQ_INT(ERR_NONE, router_match(router, METHOD_POST, "/api/v1/submissions/a/confirm", 29, &match));
    EQ_TEXT("confirm", match.route->endpoint->name);
    EQ_INT(ERR_NONE, router_match(router, METHOD_POST, "/api/v1/submissions/a/withdraw", 30, &match));
    EQ_TEXT("student_event", match.route->endpoint->name);
    router_free(router);
}

int main(void)
{
    return tests_run();
}
