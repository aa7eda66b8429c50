/* links: xy_base */
#include "base/person_name.h"
#include "base/text.h"
#include "tests/check.h"

static const char *normal(const char *name)
{
    static char out[PERSON_NAME_BYTES];
    return person_name_normal(name, out) ? out : "(refused)";
}

TEST(a_name_is_kept_in_one_form)
{
    static const char *const forms[] = {"阿卜杜拉·买买提",
                                        "阿卜杜拉•买买提",
                                        "阿卜杜拉・买买提",
                                        "阿卜杜拉‧买买提",
                                        "阿卜杜拉･买买提",
                                        "阿卜杜拉．买买提",
                                        "阿卜杜拉.买买提",
                                        "阿卜杜拉∙买买提",
                                        "阿卜杜拉⋅买买提",
                                        "阿卜杜拉 · 买买提",
                                        "阿卜杜拉　•　买买提",
                                        " 阿卜杜拉·买买提 ",
                                        "阿卜杜拉·\xe2\x80\x8b买买提",
                                        "阿 卜 杜 拉・买 买 提"};
    for (size_t i = 0; i < countof(forms); i++)
        EQ_TEXT("阿卜杜拉·买买提", normal(forms[i]));
    EQ_TEXT("张三", normal("张　三"));
    EQ_TEXT("马·哈", normal("马 . 哈")); /* once is enough: found by the fuzzer */
    EQ_TEXT("John Smith", normal("  Ｊｏｈｎ　Ｓｍｉｔｈ "));
    EQ_TEXT("O'Brien J. R.", normal("O＇Brien  J. R."));
    EQ_TEXT("𠮷田·尼玛", normal("𠮷田‧尼玛"));
    EQ_TEXT("", normal(" 　 "));
}

TEST(the_same_name_is_known_however_it_is_written)
{
    static const char *const same[][2] = {{"阿卜杜拉·买买提", "阿卜杜拉买买提"}, /* tables of ministries drop the dot */
                                          {"迪丽热巴·迪力木拉提", "迪丽热巴・迪力木拉提"},
                                          {"尼玛次仁", "尼玛 次仁"},
                                          {"欧阳 娜娜", "欧阳娜娜"},
                                          {"JOHN SMITH", "John Smith"}, /* passports write capitals */
                                          {"ＫＩＭ　ＭＩＮ－ＳＵ", "Kim Min-su"},
                                          {"NGUYEN VAN ANH", "NguyenVanAnh"},
                                          {"古丽·阿·吐尔逊", "古丽．阿．吐尔逊"}};
    for (size_t i = 0; i < countof(same); i++)
        if (!person_name_same(same[i][0], same[i][1]) || !person_name_same(same[i][1], same[i][0]))
            TEST_FAIL("%s and %s", same[i][0], same[i][1]);
}

TEST(another_name_is_another)
{
    TRUE(!person_name_same("阿卜杜拉·买买提", "阿卜杜拉·买买江"));
    TRUE(!person_name_same("张三", "张三丰"));
    TRUE(!person_name_same("Kim Min-su", "Kim Minsu")); /* a hyphen is on the document or is not */
    TRUE(!person_name_same("José", "Jose"));
    TRUE(!person_name_same("", ""));
    TRUE(!person_name_same("·", " "));
    TRUE(!person_name_same(NULL, "张三"));
    TRUE(!person_name_same("\xff", "\xff"));
}

TEST(what_does_not_fit_is_refused)
{
    char longest[3 * 100 + 1] = "", out[PERSON_NAME_BYTES];
    for (int i = 0; i < 100; i++)
        memcpy(longest + 3 * i, "张", 4);
    TRUE(!person_name_normal(longest, out));
    TRUE(!person_name_normal("\xe5\xbc", out));
}

int main(void)
{
    return tests_run();
}
