/* links: xy_workflow */
#include "workflow/lens.c"

#include "tests/check.h"

TEST(names_of_cameras)
{
    EQ_TEXT("back", lens_side("camera2 0, facing back"));
    EQ_TEXT("front", lens_side("camera2 1, facing front"));
    EQ_TEXT("back", lens_side("Back Ultra Wide Camera"));
    EQ_TEXT("front", lens_side("FaceTime HD Camera"));
    EQ_TEXT("back", lens_side("后置相机"));
    EQ_TEXT("front", lens_side("前置相机"));
    EQ_TEXT("front", lens_side("front 后置相机")); /* the program knows better than the name */
    EQ_TEXT("", lens_side("USB 2.0 Camera"));
    EQ_TEXT("", lens_side(""));
}

int main(void)
{
    return tests_run();
}
