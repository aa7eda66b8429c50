// face_net — the type of dlib's face-recognition network (29 convolutions, 128 outputs), as its author published it.
//
// The type is the file format: dlib writes and reads a network by walking this type, so the converter, the shim and the
// bare loop of the benchmark share this one declaration. Only workers/shim and tests/bench include it.
#ifndef XY_SHIM_FACE_NET_HH
#define XY_SHIM_FACE_NET_HH

#include <dlib/dnn.h>

namespace face_net {

constexpr long chip_side_px = 150;
constexpr double chip_padding = 0.25;

// Two 3×3 convolutions, each followed by its scale; `stride` applies to the first.
template <int channels, int stride, typename below>
using block = dlib::affine<
    dlib::con<channels, 3, 3, 1, 1, dlib::relu<dlib::affine<dlib::con<channels, 3, 3, stride, stride, below>>>>>;

template <int channels, typename below>
using keep = dlib::relu<dlib::add_prev1<block<channels, 1, dlib::tag1<below>>>>;

template <int channels, typename below>
using halve = dlib::relu<
    dlib::add_prev2<dlib::avg_pool<2, 2, 2, 2, dlib::skip1<dlib::tag2<block<channels, 2, dlib::tag1<below>>>>>>>;

template <typename below>
using stem = dlib::max_pool<3, 3, 2, 2, dlib::relu<dlib::affine<dlib::con<32, 7, 7, 2, 2, below>>>>;
template <typename below>
using level_32 = keep<32, keep<32, keep<32, below>>>;
template <typename below>
using level_64 = keep<64, keep<64, keep<64, halve<64, below>>>>;
template <typename below>
using level_128 = keep<128, keep<128, halve<128, below>>>;
template <typename below>
using level_256 = halve<256, keep<256, keep<256, halve<256, below>>>>;

using network = dlib::loss_metric<dlib::fc_no_bias<
    128, dlib::avg_pool_everything<level_256<level_128<
             level_64<level_32<stem<dlib::input_rgb_image_sized<chip_side_px>>>>>>>>>;

} // namespace face_net

#endif
