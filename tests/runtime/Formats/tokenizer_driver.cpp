// Tokenizes what a test sends and prints the result.
//
// usage: tokenizer-driver <tokenizer.json> <what>
//
// Each line of the input is a text in hexadecimal, or a pair of texts with a
// tab between. What is printed, a line for each line:
//   ids        ids, attention mask and type ids, with blanks in and tabs
//   between plain      the same without special tokens batch      the same, all
//   lines encoded as one batch normalize  the normalized text, in hexadecimal
//   words      its words, in hexadecimal, with blanks between
// An error is printed as "error: <message>".
#include "runtime/Formats/Tokenizer.h"

#include <iostream>

using namespace tenon::rt;

namespace {

std::string decodeHex(std::string_view hex) {
  auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string text;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    text += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  return text;
}

std::string encodeHex(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned char byte : text)
    hex += {kDigits[byte >> 4], kDigits[byte & 15]};
  return hex;
}

/// One line of the input; TokenizerInput points into it.
struct Line {
  explicit Line(const std::string &hex) {
    size_t tab = hex.find('\t');
    first = decodeHex(std::string_view(hex).substr(0, tab));
    isPair = tab != hex.npos;
    if (isPair)
      second = decodeHex(std::string_view(hex).substr(tab + 1));
  }
  TokenizerInput input() const {
    return isPair ? TokenizerInput(first, second) : TokenizerInput(first);
  }
  std::string first, second;
  bool isPair;
};

void print(std::span<const int64_t> values, char end) {
  for (size_t i = 0; i < values.size(); ++i)
    std::cout << (i ? " " : "") << values[i];
  std::cout << end;
}

void print(std::span<const int64_t> ids, std::span<const int64_t> mask,
           std::span<const int64_t> typeIds) {
  print(ids, '\t');
  print(mask, '\t');
  print(typeIds, '\n');
}

void printEncoding(const Tokenizer &tokenizer, const Line &line) {
  Result<TokenEncoding> encoding = tokenizer.encode(line.input());
  if (!encoding)
    std::cout << "error: " << encoding.error().message << '\n';
  else
    print(encoding->ids, encoding->attentionMask, encoding->typeIds);
}

void printBatch(const Tokenizer &tokenizer, const std::vector<Line> &lines) {
  std::vector<TokenizerInput> inputs;
  inputs.reserve(lines.size());
  for (const Line &line : lines)
    inputs.push_back(line.input());
  Result<TokenBatch> batch = tokenizer.encodeBatch(inputs);
  if (!batch) {
    std::cout << "error: " << batch.error().message << '\n';
    return;
  }
  auto row = [&](const std::vector<int64_t> &all, size_t i) {
    return std::span(all).subspan(i * batch->lengthTokens, batch->lengthTokens);
  };
  for (size_t i = 0; i < batch->numRows; ++i)
    print(row(batch->ids, i), row(batch->attentionMask, i),
          row(batch->typeIds, i));
}

void printWords(const Tokenizer &tokenizer, const std::string &text) {
  std::string normalized = tokenizer.normalize(text);
  const char *between = "";
  for (std::string_view word : tokenizer.splitWords(normalized)) {
    std::cout << between << encodeHex(word);
    between = " ";
  }
  std::cout << '\n';
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 3) {
    std::cerr << "usage: tokenizer-driver <tokenizer.json> <what>\n";
    return 1;
  }
  std::ios::sync_with_stdio(false);
  Result<Tokenizer> tokenizer = Tokenizer::open(argv[1]);
  if (!tokenizer) {
    std::cout << "error: " << tokenizer.error().message << '\n';
    return 1;
  }
  std::string_view what = argv[2];
  tokenizer->setAddsSpecialTokens(what != "plain");
  std::vector<Line> lines;
  for (std::string hex; std::getline(std::cin, hex);)
    lines.emplace_back(hex);
  if (what == "batch")
    printBatch(*tokenizer, lines);
  else
    for (const Line &line : lines)
      if (what == "normalize")
        std::cout << encodeHex(tokenizer->normalize(line.first)) << '\n';
      else if (what == "words")
        printWords(*tokenizer, line.first);
      else
        printEncoding(*tokenizer, line);
  return 0;
}
