#include "workers/shim/face_net.hh"

namespace face_net {

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

using whole = dlib::loss_metric<dlib::fc_no_bias<
    128, dlib::avg_pool_everything<level_256<level_128<
             level_64<level_32<stem<dlib::input_rgb_image_sized<chip_side_px>>>>>>>>>;

struct network::inside {
    whole net;
};

namespace {

// dlib walks from the output to the input.
struct collector {
    parameters *found;

    template <typename layer> void operator()(layer &) {}
    template <long n, long r, long c, int sy, int sx, int py, int px>
    void operator()(dlib::con_<n, r, c, sy, sx, py, px> &layer)
    {
        found->convolutions.push_back(&layer.get_layer_params());
    }
    void operator()(dlib::affine_ &layer) { found->scales.push_back(&layer); }
    template <unsigned long n, dlib::fc_bias_mode b> void operator()(dlib::fc_<n, b> &layer)
    {
        found->matrices.push_back(&layer.get_layer_params());
    }
};

// A default affine_ scales whole samples; these scale channels, and that must be said before the first forward pass.
struct set_scales_per_channel {
    template <typename layer> void operator()(layer &) {}
    void operator()(dlib::affine_ &layer) { layer = dlib::affine_(dlib::CONV_MODE); }
};

} // namespace

network::network() : own(new inside) {}
network::~network() = default;
network::network(network &&) noexcept = default;

void network::load(const std::string &path)
{
    dlib::deserialize(path) >> own->net;
}

void network::save(const std::string &path)
{
    own->net.clean();
    dlib::serialize(path) << own->net;
}

void network::make_empty()
{
    chip_pixels grey(chip_side_px, chip_side_px);
    dlib::assign_all_pixels(grey, 128);
    dlib::visit_computational_layers(own->net, set_scales_per_channel());
    (void)describe(grey);
}

parameters network::look()
{
    parameters found;
    dlib::visit_computational_layers(own->net, collector{&found});
    return found;
}

numbers network::describe(const chip_pixels &chip)
{
    return own->net(chip);
}

} // namespace face_net
