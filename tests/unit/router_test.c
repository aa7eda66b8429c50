/* links: xy_http xy_base */
#include "http/router.c"

#include "tests/check.h"

static const struct endpoint endpoint = {.name = "any"};

#define ROUTE(method_, path_)                                                                                          \
    {                                                                                                                  \
        METHOD_##method_, path_, 0, 0, &endpoint                                                                       \
    }
static const struct route table[] = {
    ROUTE(GET, "/"),
    ROUTE(GET, "/a"),
    ROUTE(POST, "/a"),
    ROUTE(GET, "/a/{id}"),
    ROUTE(HEAD, "/uploads/{id}"),
    ROUTE(PATCH, "/uploads/{id}"),
    ROUTE(POST, "/a/{id}/confirm"),
    ROUTE(POST, "/a/{id}/{event}"),
    ROUTE(GET, "/a/{id}/b/{other}/c/{third}"),
    ROUTE(GET, "/a/fixed/only"),
};

static struct route_match match;

static enum err go(const char *method, const char *path)
{
    static struct router *router;
    enum http_method m;
    if (router == NULL)
        router = router_new(table, countof(table));
    TRUE(router_method(method, strlen(method), &m));
    return router_match(router, m, path, strlen(path), &match);
}

static const char *param(size_t i)
{
    static char text[64];
    snprintf(text, sizeof text, "%s=%.*s", match.params[i].name, (int)match.params[i].raw_len, match.params[i].raw);
    return text;
}

TEST(paths_and_methods)
{
    EQ_INT(ERR_NONE, go("GET", "/"));
    EQ_INT(0, match.index);
    EQ_INT(ERR_NONE, go("POST", "/a"));
    EQ_INT(2, match.index);
    EQ_INT(ERR_NONE, go("GET", "/a/x"));
    EQ_TEXT("id=x", param(0));
    EQ_INT(ERR_NONE, go("GET", "/a/1/b/2/c/3"));
    EQ_TEXT("id=1", param(0));
    EQ_TEXT("other=2", param(1));
    EQ_TEXT("third=3", param(2));
    EQ_INT(ERR_NOT_FOUND, go("GET", "/A"));
    EQ_INT(ERR_NOT_FOUND, go("GET", "/a/1/b/2/c"));
    EQ_INT(ERR_NOT_FOUND, go("GET", "/b"));
    EQ_INT(ERR_NOT_FOUND, go("GET", ""));
    EQ_INT(ERR_NOT_FOUND, go("GET", "a"));
}

TEST(a_literal_wins_over_a_parameter_and_gives_way_when_it_leads_nowhere)
{
    EQ_INT(ERR_NONE, go("POST", "/a/x/confirm"));
    EQ_INT(6, match.index);
    EQ_INT(ERR_NONE, go("POST", "/a/x/recall"));
    EQ_INT(7, match.index);
    EQ_TEXT("event=recall", param(1));
    EQ_INT(ERR_NONE, go("GET", "/a/fixed"));
    EQ_TEXT("id=fixed", param(0));
    EQ_INT(ERR_NONE, go("POST", "/a/fixed/confirm"));
    EQ_TEXT("id=fixed", param(0));
}

TEST(one_spelling_of_every_address)
{
    EQ_INT(ERR_NOT_FOUND, go("GET", "/a/"));
    EQ_INT(ERR_NOT_FOUND, go("GET", "//a"));
    EQ_INT(ERR_NOT_FOUND, go("GET", "/a//x"));
    EQ_INT(ERR_NOT_FOUND, go("GET", "/%61"));
    EQ_INT(ERR_NOT_FOUND, go("GET", "/a/1/b/2/c/3/"));
}

TEST(a_known_path_names_its_methods)
{
    char allow[ROUTER_ALLOW_BYTES];
    EQ_INT(ERR_METHOD_NOT_ALLOWED, go("DELETE", "/a"));
    router_allow(match.allowed, allow);
    EQ_TEXT("GET, HEAD, POST", allow);
    EQ_INT(ERR_METHOD_NOT_ALLOWED, go("GET", "/uploads/1"));
    router_allow(match.allowed, allow);
    EQ_TEXT("HEAD, PATCH", allow);
    EQ_INT(ERR_NONE, go("HEAD", "/a")); /* HEAD finds GET */
    EQ_INT(1, match.index);
    EQ_INT(ERR_NONE, go("HEAD", "/uploads/1"));
    EQ_INT(4, match.index);
    enum http_method m;
    TRUE(!router_method("get", 3, &m));
    TRUE(!router_method("TRACE", 5, &m));
}

TEST(long_paths_end)
{
    char path[512] = "";
    for (size_t i = 0; i < 100; i++)
        memcpy(path + 2 * i, "/a", 3);
    EQ_INT(ERR_NOT_FOUND, go("GET", path));
}

static const char *decode(const char *raw)
{
    static struct arena *arena;
    if (arena == NULL)
        arena = arena_new(MIB(1));
    return router_decode(arena, raw, strlen(raw));
}

TEST(parameters_are_decoded_and_traversal_is_not)
{
    EQ_TEXT("a b", decode("a%20b"));
    EQ_TEXT("a+b", decode("a+b"));
    EQ_TEXT("学影", decode("%E5%AD%A6%e5%bd%b1"));
    EQ_TEXT("...", decode("..."));
    EQ_TEXT(NULL, decode(".."));
    EQ_TEXT(NULL, decode("%2e%2E"));
    EQ_TEXT(NULL, decode("."));
    EQ_TEXT(NULL, decode("a%2Fb"));
    EQ_TEXT(NULL, decode("a%5Cb"));
    EQ_TEXT(NULL, decode("a%00b"));
    EQ_TEXT(NULL, decode("a%0Ab"));
    EQ_TEXT(NULL, decode("%"));
    EQ_TEXT(NULL, decode("%4"));
    EQ_TEXT(NULL, decode("%zz"));
    EQ_TEXT(NULL, decode("%ff"));
    EQ_TEXT(NULL, decode("%c0%ae")); /* overlong '.' */
    EQ_TEXT("A", decode("%41"));
}

int main(void)
{
    return tests_run();
}
