/* links: xy_workflow xy_base */
/* The presets are policies the server itself would take, and what is stored of them has every field. */
#include "workflow/policy.c"
#include "workflow/presets.c"

#include "tests/check.h"

TEST(every_preset_reads_back_as_it_was_written)
{
    size_t count = 0;
    for (; preset_at(count) != NULL; count++) {
        struct policy policy, again;
        struct arena *arena = arena_new(KIB(64));
        struct buf b, second;
        char why[JSON_WHY_BYTES] = "";
        buf_init(&b, KIB(8));
        buf_init(&second, KIB(8));
        EQ_INT(ERR_NONE, preset_policy(preset_at(count)->name, &policy));
        EQ_TEXT(preset_at(count)->name, policy.preset);
        policy_write(&policy, &b);
        if (policy_read(b.bytes, b.len, &again, arena, why) != ERR_NONE)
            TEST_FAIL("%s: %s", policy.preset, why);
        policy_write(&again, &second);
        EQ_TEXT(buf_cstr(&b), buf_cstr(&second));
        for (size_t i = 0; i < countof(fields); i++) {
            char name[64];
            snprintf(name, sizeof name, "\"%s\":", fields[i].name);
            TRUE(strstr(buf_cstr(&b), name) != NULL);
        }
        buf_release(&b);
        buf_release(&second);
        arena_free(arena);
    }
    EQ_INT(5, count);
}

TEST(who_is_who)
{
    struct policy policy;
    EQ_INT(ERR_NOT_FOUND, preset_policy("S5", &policy));
    EQ_INT(ERR_NOT_FOUND, preset_policy("", &policy));
    for (size_t i = 0; preset_at(i) != NULL; i++)
        for (int language = 0; language < 2; language++) {
            TRUE(preset_at(i)->title[language][0] != '\0');
            TRUE(preset_at(i)->about[language][0] != '\0');
        }
    EQ_INT(ERR_NONE, preset_policy("S4", &policy));
    EQ_TEXT("live", policy.capture_source);
    EQ_TEXT("none", policy.payment);
    TRUE(policy.confirm_after_approval);
}

TEST(a_preset_nobody_knows_is_refused)
{
    struct policy policy;
    struct arena *arena = arena_new(KIB(64));
    char why[JSON_WHY_BYTES] = "";
    static const char unknown[] = "{\"preset\":\"S9\"}", none[] = "{\"preset\":\"\"}";
    EQ_INT(ERR_BAD_FIELD, policy_read(unknown, strlen(unknown), &policy, arena, why));
    TRUE(strstr(why, "preset:") == why);
    EQ_INT(ERR_NONE, policy_read(none, strlen(none), &policy, arena, why));
    arena_free(arena);
}

int main(void)
{
    return tests_run();
}
