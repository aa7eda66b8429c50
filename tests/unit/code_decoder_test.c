/* links: xy_dispatch */
#include "dispatch/code_decoder.c"

#include "tests/check.h"

TEST(masks_fit_what_they_hide)
{
    static const struct {
        const char *mask, *plain;
        bool fits;
    } cases[] = {
        {"张*", "张三", true},
        {"张*", "张三丰", true},
        {"张**", "张三", true}, /* how many stars there are says nothing: systems differ */
        {"*三", "张三", true},
        {"欧阳*", "欧阳娜娜", true},
        {"张*", "张", false},
        {"张*", "李三", false},
        {"张三", "张三", true},
        {"张三", "张三丰", false},
        {"110***********1234", "110101200001011234", true},
        {"110***********123X", "110101200001011234", false},
        {"1*2*3", "1a2b3", true},
        {"1*2*3", "1a2b4", false},
        {"*a*a*", "aaa", false},
        {"*a*a*", "xaxax", true},
        {"*ab", "aabab", true},
        {"*", "张三", false},
        {"****", "张三", false},
        {"", "张三", false},
        {"\xff*", "张三", false},
    };
    for (size_t i = 0; i < countof(cases); i++)
        if (code_mask_fits(cases[i].mask, cases[i].plain) != cases[i].fits)
            TEST_FAIL("%s and %s", cases[i].mask, cases[i].plain);
}

TEST(many_stars_cost_no_time)
{
    char mask[200], plain[200];
    for (size_t i = 0; i < sizeof mask; i++) {
        mask[i] = i % 2 == 0 ? '*' : 'a';
        plain[i] = 'a';
    }
    mask[sizeof mask - 1] = plain[sizeof plain - 1] = '\0';
    mask[sizeof mask - 2] = 'b';
    TRUE(!code_mask_fits(mask, plain)); /* backtracking would take for ever */
}

static const char *match(const char *json, const char *name, const char *id_number)
{
    struct arena *arena = arena_new(KIB(64));
    const struct json *tree = NULL;
    EQ_INT(ERR_NONE, json_read(json, strlen(json), arena, &tree));
    const char *word = code_answer_match(tree, name, id_number);
    arena_free(arena);
    return word;
}

TEST(every_part_that_is_known_must_fit)
{
    const char *both = "{\"name_masked\":\"张*\",\"id_masked\":\"110***1234\"}";
    EQ_TEXT("yes", match(both, "张三", "110101200001011234"));
    EQ_TEXT("no", match(both, "李四", "110101200001011234"));
    EQ_TEXT("no", match(both, "张三", "110101200001019999"));
    EQ_TEXT("yes", match(both, "张三", NULL));
    EQ_TEXT("unknown", match(both, NULL, ""));
    EQ_TEXT("unknown", match("{}", "张三", "110101200001011234"));
    EQ_TEXT("unknown", match("{\"name_masked\":1}", "张三", "110101200001011234"));
}

int main(void)
{
    return tests_run();
}
