// xueying-convert — face-api's published weights → dlib's native network file.
//
//   xueying-convert WEIGHTS.bin MANIFEST.json OUT.dat
//   xueying-convert --check NETWORK.dat               is this dlib's face-recognition network?
//
// The weights are dlib's own network, stored by face-api as one file of tensors in a fixed order: per convolution
// filters (rows, columns, inputs, outputs), bias, scale weights, scale biases; at the end the 256×128 matrix. Most
// tensors are bytes with value = q·scale + min, some are plain float32. dlib wants the filters as (outputs, inputs,
// rows, columns) with the bias behind them. Every byte must be used and every shape must fit, else nothing is written.
#include "workers/shim/face_net.hh"

extern "C" {
#include "base/json.h"
}

#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct tensor {
    std::string name;
    std::vector<long> shape;
    std::vector<float> values;
};

[[noreturn]] void refuse(const std::string &why)
{
    throw std::runtime_error(why);
}

std::string read_whole(const char *path)
{
    std::ifstream in(path, std::ios::binary);
    if (!in)
        refuse(std::string("cannot open ") + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Takes one tensor's bytes from `weights` at `at`.
tensor read_tensor(const struct json *entry, const std::string &weights, size_t &at)
{
    tensor t;
    t.name = json_text_at(entry, "name", "");
    size_t count = 1;
    const struct json *shape = json_at(entry, "shape");
    for (const struct json *side = shape == nullptr ? nullptr : shape->first; side != nullptr; side = side->next) {
        if (!(side->number >= 1 && side->number <= 4096))
            refuse(t.name + ": impossible shape");
        t.shape.push_back(static_cast<long>(side->number));
        count *= static_cast<size_t>(side->number);
    }
    const struct json *packing = json_at(entry, "quantization");
    size_t size = packing == nullptr ? sizeof(float) : 1;
    if (t.shape.empty() || count > weights.size() || at + count * size > weights.size())
        refuse(t.name + ": not enough bytes");
    t.values.resize(count);
    if (packing == nullptr) {
        memcpy(t.values.data(), weights.data() + at, count * size);
    } else {
        double scale = json_number_at(packing, "scale", 0), min = json_number_at(packing, "min", 0);
        for (size_t i = 0; i < count; i++)
            t.values[i] = static_cast<float>(static_cast<unsigned char>(weights[at + i]) * scale + min);
    }
    at += count * size;
    return t;
}

std::vector<tensor> read_tensors(const std::string &weights, const std::string &manifest)
{
    struct arena *arena = arena_new(MIB(8));
    const struct json *tree = nullptr;
    if (json_read(manifest.data(), manifest.size(), arena, &tree) != ERR_NONE || tree->first == nullptr)
        refuse("the manifest is not JSON");
    const struct json *list = json_at(tree->first, "weights");
    std::vector<tensor> all;
    size_t at = 0;
    for (const struct json *entry = list == nullptr ? nullptr : list->first; entry != nullptr; entry = entry->next)
        all.push_back(read_tensor(entry, weights, at));
    arena_free(arena);
    if (at != weights.size())
        refuse("the weights have bytes nobody uses");
    return all;
}

// dlib walks from the output to the input; the lists are turned round afterwards.
struct collector {
    std::vector<dlib::tensor *> *convolutions;
    std::vector<dlib::affine_ *> *scales;
    std::vector<dlib::tensor *> *matrices;

    template <typename layer> void operator()(layer &) {}
    template <long n, long r, long c, int sy, int sx, int py, int px>
    void operator()(dlib::con_<n, r, c, sy, sx, py, px> &layer)
    {
        convolutions->push_back(&layer.get_layer_params());
    }
    void operator()(dlib::affine_ &layer) { scales->push_back(&layer); }
    template <unsigned long n, dlib::fc_bias_mode b> void operator()(dlib::fc_<n, b> &layer)
    {
        matrices->push_back(&layer.get_layer_params());
    }
};

// A default affine_ scales whole samples; these scale channels, and that must be said before the first forward pass.
struct set_scales_per_channel {
    template <typename layer> void operator()(layer &) {}
    void operator()(dlib::affine_ &layer) { layer = dlib::affine_(dlib::CONV_MODE); }
};

void expect(bool fits, const tensor &t)
{
    if (!fits)
        refuse(t.name + ": unexpected shape or name");
}

bool ends_with(const std::string &text, const char *tail)
{
    size_t len = strlen(tail);
    return text.size() >= len && text.compare(text.size() - len, len, tail) == 0;
}

void fill_convolution(const tensor &filters, const tensor &bias, dlib::tensor &out)
{
    expect(filters.shape.size() == 4 && ends_with(filters.name, "/filters"), filters);
    long rows = filters.shape[0], columns = filters.shape[1], inputs = filters.shape[2], outputs = filters.shape[3];
    expect(bias.values.size() == static_cast<size_t>(outputs) && ends_with(bias.name, "/bias"), bias);
    expect(out.size() == filters.values.size() + bias.values.size(), filters);
    float *to = out.host();
    for (long o = 0; o < outputs; o++)
        for (long i = 0; i < inputs; i++)
            for (long r = 0; r < rows; r++)
                for (long c = 0; c < columns; c++)
                    *to++ = filters.values[static_cast<size_t>(((r * columns + c) * inputs + i) * outputs + o)];
    for (float value : bias.values)
        *to++ = value;
}

template <typename instance> void fill_scale(const tensor &from, instance out, const char *tail)
{
    dlib::tensor &to = out;
    expect(ends_with(from.name, tail) && to.size() == from.values.size(), from);
    std::copy(from.values.begin(), from.values.end(), to.host());
}

void convert(const char *weights_path, const char *manifest_path, const char *out_path)
{
    std::vector<tensor> tensors = read_tensors(read_whole(weights_path), read_whole(manifest_path));
    face_net::network net;
    dlib::visit_computational_layers(net, set_scales_per_channel());
    dlib::matrix<dlib::rgb_pixel> grey(face_net::chip_side_px, face_net::chip_side_px);
    dlib::assign_all_pixels(grey, 128);
    net(grey); // allocates every parameter tensor

    std::vector<dlib::tensor *> convolutions, matrices;
    std::vector<dlib::affine_ *> scales;
    dlib::visit_computational_layers(net, collector{&convolutions, &scales, &matrices});
    if (scales.size() != convolutions.size() || matrices.size() != 1 || tensors.size() != convolutions.size() * 4 + 1)
        refuse("the manifest lists another network");
    for (size_t i = 0; i < convolutions.size(); i++) {
        size_t layer = convolutions.size() - 1 - i; // tensors come from the input upwards
        fill_convolution(tensors[i * 4], tensors[i * 4 + 1], *convolutions[layer]);
        fill_scale(tensors[i * 4 + 2], scales[layer]->get_gamma(), "/scale/weights");
        fill_scale(tensors[i * 4 + 3], scales[layer]->get_beta(), "/scale/biases");
    }
    const tensor &last = tensors.back();
    expect(last.name == "fc" && matrices[0]->size() == last.values.size(), last);
    std::copy(last.values.begin(), last.values.end(), matrices[0]->host());
    net.clean();
    dlib::serialize(out_path) << net;
}

// A file of another network does not read into this type; one pass shows that its shapes fit together.
void check(const char *path)
{
    face_net::network net;
    dlib::deserialize(path) >> net;
    dlib::matrix<dlib::rgb_pixel> grey(face_net::chip_side_px, face_net::chip_side_px);
    dlib::assign_all_pixels(grey, 128);
    if (net(grey).size() != 128)
        refuse("the network does not give 128 numbers");
}

} // namespace

int main(int argc, char **argv)
{
    bool checking = argc == 3 && std::string(argv[1]) == "--check";
    if (argc != 4 && !checking) {
        std::cerr << "usage: xueying-convert WEIGHTS.bin MANIFEST.json OUT.dat | --check NETWORK.dat\n";
        return 2;
    }
    try {
        if (checking)
            check(argv[2]);
        else
            convert(argv[1], argv[2], argv[3]);
    } catch (const std::exception &e) {
        std::cerr << "xueying-convert: " << e.what() << "\n";
        return 1;
    }
    return 0;
}
