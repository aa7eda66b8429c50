// The only translation unit of the worker that sees dlib. See dlib.h for the contract.
#include "workers/shim/dlib.h"

#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/revision.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <new>

struct dlib_models {
    bool has_landmarks;
    dlib::shape_predictor landmarks;      // operator() is const: one copy serves all threads
    dlib::frontal_face_detector detector; // not const: a prototype to copy from
};

struct dlib_context {
    const dlib_models *models;
    dlib::frontal_face_detector detector;
    dlib::array2d<unsigned char> grey; // of the last image that was searched so
};

// A borrowed face_image in the shape dlib's templates want.
struct rgb_view {
    typedef dlib::rgb_pixel type;
    typedef dlib::default_memory_manager mem_manager_type;
    const face_image *image;
};
inline long num_rows(const rgb_view &view) { return view.image->height_px; }
inline long num_columns(const rgb_view &view) { return view.image->width_px; }
inline const void *image_data(const rgb_view &view) { return view.image->rgb; }
inline long width_step(const rgb_view &view) { return static_cast<long>(view.image->width_px) * 3; }
namespace dlib {
template <> struct image_traits<rgb_view> {
    typedef rgb_pixel pixel_type;
};
template <> struct image_traits<const rgb_view> {
    typedef rgb_pixel pixel_type;
};
} // namespace dlib

namespace {

constexpr double chip_padding = 0.25; // what the network was trained on

// Every entry runs in here: whatever C++ throws becomes a result.
template <typename action> face_result guarded(action &&run) noexcept
{
    try {
        return run();
    } catch (const std::bad_alloc &) {
        return FACE_NO_MEMORY;
    } catch (...) {
        return FACE_INTERNAL;
    }
}

bool usable(const face_image *image)
{
    return image != nullptr && image->rgb != nullptr && image->width_px > 0 && image->height_px > 0 &&
           image->width_px <= FACE_SIDE_PX_MAX && image->height_px <= FACE_SIDE_PX_MAX;
}

void say(char why[FACE_WHY_BYTES], const char *what, const char *path)
{
    snprintf(why, FACE_WHY_BYTES, "%s: %s", what, path);
}

template <typename model>
face_result read_model(const char *path, model &into, char why[FACE_WHY_BYTES])
{
    if (!std::ifstream(path, std::ios::binary)) {
        say(why, "The model file cannot be opened", path);
        return FACE_MODEL_MISSING;
    }
    try {
        dlib::deserialize(path) >> into;
    } catch (const std::bad_alloc &) {
        throw;
    } catch (const std::exception &) {
        say(why, "The model file is damaged or of another kind", path);
        return FACE_MODEL_CORRUPT;
    }
    return FACE_OK;
}

void to_grey(const face_image *image, dlib::array2d<unsigned char> &out)
{
    out.set_size(image->height_px, image->width_px);
    auto *to = static_cast<unsigned char *>(dlib::image_data(out));
    const uint8_t *from = image->rgb;
    size_t count = static_cast<size_t>(image->width_px) * static_cast<size_t>(image->height_px);
    for (size_t i = 0; i < count; i++, from += 3)
        to[i] = static_cast<unsigned char>((from[0] * 77 + from[1] * 150 + from[2] * 29 + 128) >> 8);
}

bool plausible(const face_landmarks *landmarks)
{
    for (const face_point &point : landmarks->points)
        if (!(std::fabs(point.x_px) < 4 * FACE_SIDE_PX_MAX && std::fabs(point.y_px) < 4 * FACE_SIDE_PX_MAX))
            return false;
    return true;
}

} // namespace

face_result dlib_models_load(const char *landmarks_path, dlib_models **out, char why[FACE_WHY_BYTES])
{
    why[0] = '\0';
    return guarded([&] {
        auto models = std::make_unique<dlib_models>();
        models->has_landmarks = landmarks_path != nullptr;
        face_result result = models->has_landmarks ? read_model(landmarks_path, models->landmarks, why) : FACE_OK;
        if (result == FACE_OK && models->has_landmarks && models->landmarks.num_parts() != FACE_LANDMARKS) {
            say(why, "The landmark model does not have 68 points", landmarks_path);
            result = FACE_MODEL_CORRUPT;
        }
        if (result != FACE_OK)
            return result;
        models->detector = dlib::get_frontal_face_detector();
        *out = models.release();
        return FACE_OK;
    });
}

void dlib_models_free(dlib_models *models)
{
    delete models;
}

face_result dlib_context_new(const dlib_models *models, dlib_context **out)
{
    return guarded([&] {
        *out = new dlib_context{models, models->detector, {}};
        return FACE_OK;
    });
}

void dlib_context_free(dlib_context *context)
{
    delete context;
}

face_result dlib_detect(dlib_context *context, const face_image *image, bool grey, face_boxes *out)
{
    out->count = 0;
    if (!usable(image))
        return FACE_BAD_IMAGE;
    return guarded([&] {
        std::vector<dlib::rect_detection> found;
        if (grey) {
            to_grey(image, context->grey);
            context->detector(context->grey, found);
        } else {
            context->detector(rgb_view{image}, found);
        }
        std::sort(found.begin(), found.end(), [](const dlib::rect_detection &a, const dlib::rect_detection &b) {
            return a.rect.area() > b.rect.area();
        });
        for (const dlib::rect_detection &face : found) {
            if (out->count == FACE_BOXES_MAX)
                break;
            out->items[out->count++] = {static_cast<int32_t>(face.rect.left()), static_cast<int32_t>(face.rect.top()),
                                        static_cast<int32_t>(face.rect.width()),
                                        static_cast<int32_t>(face.rect.height()),
                                        static_cast<float>(face.detection_confidence)};
        }
        return FACE_OK;
    });
}

face_result dlib_landmarks(dlib_context *context, const face_image *image, const face_box *box, face_landmarks *out)
{
    if (!context->models->has_landmarks)
        return FACE_MODEL_MISSING;
    if (!usable(image))
        return FACE_BAD_IMAGE;
    if (box->width_px < 1 || box->height_px < 1 || box->width_px > 2 * FACE_SIDE_PX_MAX ||
        box->height_px > 2 * FACE_SIDE_PX_MAX)
        return FACE_BAD_ARGUMENT;
    return guarded([&] {
        dlib::rectangle where(box->x_px, box->y_px, static_cast<long>(box->x_px) + box->width_px - 1,
                              static_cast<long>(box->y_px) + box->height_px - 1);
        dlib::full_object_detection shape = context->models->landmarks(rgb_view{image}, where);
        for (unsigned long i = 0; i < FACE_LANDMARKS; i++)
            out->points[i] = {static_cast<float>(shape.part(i).x()), static_cast<float>(shape.part(i).y())};
        return FACE_OK;
    });
}

face_result dlib_chip(const face_image *image, const face_landmarks *landmarks, uint8_t *out)
{
    if (!usable(image))
        return FACE_BAD_IMAGE;
    if (!plausible(landmarks))
        return FACE_BAD_ARGUMENT;
    return guarded([&] {
        std::vector<dlib::point> parts;
        for (const face_point &point : landmarks->points)
            parts.emplace_back(std::lround(point.x_px), std::lround(point.y_px));
        dlib::full_object_detection shape(dlib::rectangle(), parts);
        dlib::chip_details cut = dlib::get_face_chip_details(shape, FACE_CHIP_SIDE_PX, chip_padding);
        if (!(cut.rect.width() > 1 && cut.rect.width() < 4 * FACE_SIDE_PX_MAX))
            return FACE_BAD_ARGUMENT;
        dlib::matrix<dlib::rgb_pixel> chip;
        dlib::extract_image_chip(rgb_view{image}, cut, chip);
        if (chip.nr() != FACE_CHIP_SIDE_PX || chip.nc() != FACE_CHIP_SIDE_PX)
            return FACE_INTERNAL;
        memcpy(out, &chip(0, 0), static_cast<size_t>(FACE_CHIP_SIDE_PX) * FACE_CHIP_SIDE_PX * 3);
        return FACE_OK;
    });
}

#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number
const char *face_engine(void)
{
    return "dlib " TEXT_OF(DLIB_MAJOR_VERSION) "." TEXT_OF(DLIB_MINOR_VERSION);
}
