#include "workers/matte.h"
#include "workers/resample.h"

/* The drawn alpha serves as the mask, so that the person's colours are found along its own edge; then it takes the
 * place of the alpha that was computed. */
enum err matte_with(const struct image *frame, const struct plane *alpha, const struct face_landmarks *marks,
                    const struct head *head, struct matte *out)
{
    struct plane drawn = {0};
    *out = (struct matte){0};
    TRY(resample_plane(alpha, frame->width_px, frame->height_px, &drawn));
    enum err e = matte_make(frame, &drawn, marks, head, out);
    if (e != ERR_NONE) {
        plane_release(&drawn);
        return e;
    }
    plane_release(&out->alpha);
    out->alpha = drawn;
    return ERR_NONE;
}
