// xueying-convert — face-api's published weights → dlib's native network file and our own files of weights.
//
//   xueying-convert WEIGHTS.bin MANIFEST.json OUT.dat              the face network for dlib
//   xueying-convert --descriptor NETWORK.dat OUT.net               dlib's network → workers/describe.h
//   xueying-convert --landmarks WEIGHTS.bin MANIFEST.json OUT.net  the landmark network → workers/landmark_net.h
//
// An operator's own network passes through --descriptor too: what is not dlib's face-recognition network is refused.
//
// The weights are dlib's own network, stored by face-api as one file of tensors in a fixed order: per convolution
// filters (rows, columns, inputs, outputs), bias, scale weights, scale biases; at the end the 256×128 matrix. Most
// tensors are bytes with value = q·scale + min, some are plain float32. dlib wants the filters as (outputs, inputs,
// rows, columns) with the bias behind them. Every byte must be used and every shape must fit, else nothing is written.
#include "workers/shim/face_net.hh"

extern "C" {
#include "base/crypt.h"
#include "base/json.h"
#include "workers/weights.h"
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
    net.make_empty();
    auto [convolutions, matrices, scales] = net.look();
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
    net.save(out_path);
}

// ---- our own files of weights ----

void put32(std::string &out, uint32_t value)
{
    for (int shift = 0; shift < 32; shift += 8)
        out.push_back(static_cast<char>(value >> shift & 255));
}

// `source` is the file the numbers came from; its sum is the version that is stored with every comparison.
void write_weights(const char *path, weights_kind kind, const std::vector<float> &values, const std::string &source)
{
    unsigned char sum[32];
    crypt_sha256(source.data(), source.size(), sum);
    std::string out = "XYWEIGHT";
    put32(out, 1);
    put32(out, kind);
    put32(out, static_cast<uint32_t>(values.size()));
    out.append(12, '\0');
    out.append(reinterpret_cast<const char *>(sum), sizeof sum);
    out.append(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float)); // x86 is little-endian
    std::ofstream file(path, std::ios::binary);
    file.write(out.data(), static_cast<std::streamsize>(out.size()));
    if (!file.flush())
        refuse(std::string("cannot write ") + path);
}

// One convolution with its scale multiplied in: filters of each output, then one bias for each.
void fold(const dlib::tensor &convolution, const dlib::tensor &gamma, const dlib::tensor &beta,
          std::vector<float> &out)
{
    size_t outputs = gamma.size(), window = convolution.size() / outputs - 1;
    if (beta.size() != outputs || convolution.size() != outputs * (window + 1))
        refuse("a scale does not fit its convolution");
    const float *weights = convolution.host(), *bias = weights + outputs * window;
    for (size_t o = 0; o < outputs; o++)
        for (size_t i = 0; i < window; i++)
            out.push_back(static_cast<float>(static_cast<double>(gamma.host()[o]) * weights[o * window + i]));
    for (size_t o = 0; o < outputs; o++)
        out.push_back(static_cast<float>(static_cast<double>(gamma.host()[o]) * bias[o] + beta.host()[o]));
}

// A file of another network does not read into this type; one pass shows that its shapes fit together.
void flatten(const char *path, const char *out_path)
{
    face_net::network net;
    net.load(path);
    face_net::chip_pixels grey(face_net::chip_side_px, face_net::chip_side_px);
    dlib::assign_all_pixels(grey, 128);
    if (net.describe(grey).size() != 128)
        refuse("the network does not give 128 numbers");
    auto [convolutions, matrices, scales] = net.look();
    std::vector<float> out;
    for (size_t i = convolutions.size(); i-- > 0;) {
        auto gamma = scales[i]->get_gamma(), beta = scales[i]->get_beta();
        fold(*convolutions[i], gamma, beta, out);
    }
    const dlib::tensor &last = *matrices.front(); // inputs × outputs
    size_t inputs = static_cast<size_t>(last.num_samples()), outputs = last.size() / inputs;
    for (size_t o = 0; o < outputs; o++)
        for (size_t i = 0; i < inputs; i++)
            out.push_back(last.host()[i * outputs + o]);
    write_weights(out_path, WEIGHTS_DESCRIPTOR, out, read_whole(path));
}

// From (rows, columns, inputs, outputs) to (outputs, inputs, rows, columns); depthwise filters have one output, so that
// channels take the place of outputs. Matrices are (inputs, outputs).
void append_turned(const tensor &t, std::vector<float> &out)
{
    if (t.shape.size() == 1) {
        out.insert(out.end(), t.values.begin(), t.values.end());
        return;
    }
    expect(t.shape.size() == 2 || t.shape.size() == 4, t);
    size_t outputs = static_cast<size_t>(t.shape.back()), inputs = static_cast<size_t>(t.shape[t.shape.size() - 2]);
    size_t taps = t.values.size() / outputs / inputs;
    for (size_t o = 0; o < outputs; o++)
        for (size_t i = 0; i < inputs; i++)
            for (size_t tap = 0; tap < taps; tap++)
                out.push_back(t.values[(tap * inputs + i) * outputs + o]);
}

void convert_landmarks(const char *weights_path, const char *manifest_path, const char *out_path)
{
    std::string bytes = read_whole(weights_path);
    std::vector<tensor> tensors = read_tensors(bytes, read_whole(manifest_path));
    bool tiny = tensors.size() == 28;
    if (!tiny && tensors.size() != 49)
        refuse("the manifest lists another network");
    expect(ends_with(tensors.front().name, "dense0/conv0/filters"), tensors.front());
    expect(ends_with(tensors.back().name, "fc/bias") && tensors.back().values.size() == 136, tensors.back());
    std::vector<float> out;
    for (const tensor &t : tensors)
        append_turned(t, out);
    write_weights(out_path, tiny ? WEIGHTS_LANDMARKS_TINY : WEIGHTS_LANDMARKS, out, bytes);
}

} // namespace

int main(int argc, char **argv)
{
    std::string how = argc > 1 ? argv[1] : "";
    bool descriptor = argc == 4 && how == "--descriptor", landmarks = argc == 5 && how == "--landmarks";
    if (!descriptor && !landmarks && (argc != 4 || how.compare(0, 2, "--") == 0)) {
        std::cerr << "usage: xueying-convert WEIGHTS.bin MANIFEST.json OUT.dat | --descriptor NETWORK.dat OUT.net |\n"
                     "                       --landmarks WEIGHTS.bin MANIFEST.json OUT.net\n";
        return 2;
    }
    try {
        if (descriptor)
            flatten(argv[2], argv[3]);
        else if (landmarks)
            convert_landmarks(argv[2], argv[3], argv[4]);
        else
            convert(argv[1], argv[2], argv[3]);
    } catch (const std::exception &e) {
        std::cerr << "xueying-convert: " << e.what() << "\n";
        return 1;
    }
    return 0;
}
