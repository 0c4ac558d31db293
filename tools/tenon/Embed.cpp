//===- Embed.cpp - tenon embed: sentences, their vectors and neighbours ---===//

#include "runtime/Core/MappedFile.h"
#include "runtime/Core/Message.h"
#include "runtime/Formats/Npz.h"
#include "tools/tenon/Commands.h"
#include "tools/tenon/Embedding.h"

#include <algorithm>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <numeric>

namespace tenon::tool {

using rt::badInput;
using rt::Result;

/// One sentence a line; empty lines are left out.
static Result<std::vector<std::string>> readLines(const std::string &path) {
  Result<rt::MappedFile> file = rt::MappedFile::open(path);
  if (!file)
    return file.error();
  std::vector<std::string> lines;
  std::string_view text = file->text();
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (!line.empty())
      lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (lines.empty())
    return badInput(path, ": there is no sentence in it");
  return lines;
}

static Result<rt::Tokenizer> openTokenizer(const Arguments &arguments) {
  if (!arguments.has("tokenizer"))
    return badInput("tenon embed needs --tokenizer=tokenizer.json");
  Result<unsigned> maxTokens = arguments.count("max-tokens", 256);
  if (!maxTokens)
    return maxTokens.error();
  auto tokenizer = rt::Tokenizer::open(arguments.value("tokenizer"));
  if (!tokenizer)
    return tokenizer;
  rt::Truncation truncation;
  truncation.maxTokens = *maxTokens;
  tokenizer->setTruncation(truncation);
  // A batch is as long as its longest row, whatever length the file fixes.
  rt::Padding padding = tokenizer->getPadding().value_or(rt::Padding());
  padding.lengthTokens.reset();
  tokenizer->setPadding(padding);
  return tokenizer;
}

/// The sentences' numbers, shortest first, so that a batch has rows of like
/// length and little padding.
static std::vector<size_t> byLength(const std::vector<std::string> &sentences) {
  std::vector<size_t> order(sentences.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::ranges::sort(
      order, {}, [&](size_t i) { return std::pair(sentences[i].size(), i); });
  return order;
}

static Result<std::vector<Vector>>
embedAll(Embedder &embedder, const std::vector<std::string> &sentences,
         size_t batchSize) {
  std::vector<size_t> order = byLength(sentences);
  std::vector<Vector> vectors(sentences.size());
  for (size_t first = 0; first < order.size(); first += batchSize) {
    size_t last = std::min(first + batchSize, order.size());
    std::vector<rt::TokenizerInput> texts;
    for (size_t i = first; i < last; ++i)
      texts.emplace_back(sentences[order[i]]);
    Result<std::vector<Vector>> batch = embedder.embed(texts);
    if (!batch)
      return batch;
    for (size_t i = first; i < last; ++i)
      vectors[order[i]] = std::move((*batch)[i - first]);
  }
  return vectors;
}

static void printNeighbours(const std::vector<std::string> &sentences,
                            const std::vector<Vector> &vectors,
                            unsigned count) {
  std::cout << std::fixed << std::setprecision(3);
  for (size_t i = 0; i < sentences.size(); ++i) {
    std::cout << sentences[i] << "\n";
    for (const Neighbour &neighbour : nearest(vectors, i, count))
      std::cout << "  " << neighbour.cosine << "  "
                << sentences[neighbour.index] << "\n";
  }
}

static Result<void> writeVectors(const std::string &path,
                                 const std::vector<Vector> &vectors) {
  rt::HostTensor tensor;
  tensor.name = "embeddings";
  tensor.dims = {int64_t(vectors.size()), int64_t(vectors[0].size())};
  for (const Vector &vector : vectors) {
    auto bytes = std::as_bytes(std::span(vector));
    tensor.data.insert(tensor.data.end(), bytes.begin(), bytes.end());
  }
  return rt::writeNpz(path, {{tensor}});
}

static Result<void> embed(const Arguments &arguments) {
  if (!arguments.has("sentences"))
    return badInput("tenon embed needs --sentences=FILE.txt");
  Result<unsigned> numNeighbours = arguments.count("neighbours", 2);
  if (!numNeighbours)
    return numNeighbours.error();
  Result<unsigned> batchSize = arguments.count("batch", 8);
  if (!batchSize)
    return batchSize.error();
  auto sentences = readLines(arguments.value("sentences"));
  if (!sentences)
    return sentences.error();
  auto tokenizer = openTokenizer(arguments);
  if (!tokenizer)
    return tokenizer.error();
  auto session = Session::open(arguments.operand(), arguments);
  if (!session)
    return session.error();
  Result<Embedder> embedder = Embedder::create(*session, *tokenizer);
  if (!embedder)
    return embedder.error();
  auto start = std::chrono::steady_clock::now();
  auto vectors = embedAll(*embedder, *sentences, *batchSize);
  if (!vectors)
    return vectors.error();
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  if (arguments.has("o"))
    if (auto done = writeVectors(arguments.value("o"), *vectors); !done)
      return done;
  if (!arguments.has("quiet"))
    printNeighbours(*sentences, *vectors, *numNeighbours);
  std::cout << std::fixed << std::setprecision(1) << sentences->size()
            << " sentences in " << seconds.count() * 1e3
            << " ms: " << double(sentences->size()) / seconds.count()
            << " sentences/s, tokens and first run included\n";
  return {};
}

static constexpr Option kOptions[] = {
    {"tokenizer", "FILE", "the model's tokenizer.json"},
    {"sentences", "FILE", "one sentence a line"},
    {"neighbours", "K", "print the K nearest of each sentence (2)"},
    {"batch", "B", "sentences in a run (8)"},
    {"max-tokens", "N", "cut longer sentences (256)"},
    {"threads", "N", "threads (TENON_NUM_THREADS, or one for each core)"},
    {"device", "NAME",
     "cpu, cuda:N, or vgpu, a virtual GPU; the artifact is for one of them"},
    {"o", "FILE.npz", "write the vectors, as `embeddings`"},
    {"quiet", "", "print the speed only"},
};

const Command kEmbed = {
    "embed",
    "MODEL.tenon",
    "embed sentences and print nearest neighbours",
    "Takes the model's output [B, D], or the mean of [B, L, D] over the mask,\n"
    "scaled to length 1; the cosine stands before each neighbour.",
    kOptions,
    embed};

} // namespace tenon::tool
