//===- Embedding.h - from tokens to unit vectors, and their neighbours ----===//

#ifndef TENON_TOOLS_TENON_EMBEDDING_H
#define TENON_TOOLS_TENON_EMBEDDING_H

#include "runtime/Formats/Tokenizer.h"
#include "tools/tenon/Session.h"

namespace tenon::tool {

using Vector = std::vector<float>;

/// Embeds texts with a model that takes input_ids, attention_mask and, if it
/// likes, token_type_ids, i64[B, L].
class Embedder {
public:
  /// BadInput when the model has other inputs, or no f32 output that is
  /// [B, D] (taken as it is) or [B, L, D] (its mean over the mask is taken).
  static rt::Result<Embedder> create(Session &session,
                                     rt::Tokenizer &tokenizer);

  /// One vector of length 1 for each text.
  rt::Result<std::vector<Vector>>
  embed(std::span<const rt::TokenizerInput> texts);

private:
  Embedder(Session &session, rt::Tokenizer &tokenizer, size_t output)
      : session(session), tokenizer(tokenizer), output(output) {}

  Session &session;
  rt::Tokenizer &tokenizer;
  size_t output; ///< which one holds the embedding
};

/// The mean of rows [B, L, D] over the tokens whose mask is 1.
Vector poolMean(std::span<const float> rows, std::span<const int64_t> mask);

/// Scales to length 1; leaves zeros as they are.
void normalise(Vector &vector);

struct Neighbour {
  size_t index;
  float cosine;
};

/// The `count` unit vectors most like vector `of`, itself left out, best first.
std::vector<Neighbour> nearest(std::span<const Vector> vectors, size_t of,
                               size_t count);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_EMBEDDING_H
