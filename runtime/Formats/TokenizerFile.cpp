// Reads tokenizer.json, each section by one function. The first problem is kept
// and ends the reading; until then each field has some value.
#include "runtime/Core/MappedFile.h"
#include "runtime/Formats/Json.h"
#include "runtime/Formats/Tokenizer.h"

#include <limits>
#include <set>

namespace tenon::rt {
namespace {

constexpr int64_t kMaxId = std::numeric_limits<int32_t>::max();
/// Lengths and limits; no text comes near it, and sums of such do not overflow.
constexpr int64_t kMaxLength = std::numeric_limits<int32_t>::max();

/// The first thing that is wrong with the file.
struct Problem {
  std::string origin;
  std::optional<Error> first;

  void report(const std::string &path, const std::string &message) {
    if (!first)
      first = Error{Code::BadInput, origin + ": " + path + " " + message};
  }
};

/// A value of the file and the path that leads to it: "model.vocab". Reading it
/// as what it is not is a problem, and yields an empty value.
class Field {
public:
  Field(Problem &problem, const json::Value *value, std::string path)
      : problem(&problem), value(value), path(std::move(path)) {}

  bool isNull() const { return !value || value->isNull(); }
  bool isPresent() const { return value; }
  void fail(const std::string &message) const {
    problem->report(path, message);
  }

  Field member(std::string_view name) const {
    return {*problem, value ? value->find(name) : nullptr,
            path.empty() ? std::string(name) : path + "." + std::string(name)};
  }
  std::vector<Field> elements() const {
    std::vector<Field> fields;
    if (const json::Array *array = value ? value->array() : nullptr)
      for (const json::Value &element : *array)
        fields.emplace_back(*problem, &element,
                            path + "[" + std::to_string(fields.size()) + "]");
    else
      expected("an array");
    return fields;
  }
  const json::Object &members() const {
    static const json::Object kNone;
    const json::Object *object = value ? value->object() : nullptr;
    if (!object)
      expected("an object");
    return object ? *object : kNone;
  }
  bool boolean() const {
    std::optional<bool> held = value ? value->boolean() : std::nullopt;
    if (!held)
      expected("true or false");
    return held.value_or(false);
  }
  std::string string() const {
    const std::string *held = value ? value->string() : nullptr;
    if (!held)
      expected("a string");
    return held ? *held : std::string();
  }
  int64_t integer(int64_t max) const {
    const std::string range = "an integer from 0 to " + std::to_string(max);
    std::optional<int64_t> held = value ? value->integer() : std::nullopt;
    if (!held) {
      expected(range);
      return 0;
    }
    int64_t number = held.value();
    if (number >= 0 && number <= max)
      return number;
    fail("is " + std::to_string(number) + "; it should be " + range);
    return 0;
  }
  int32_t id() const { return static_cast<int32_t>(integer(kMaxId)); }

  void expected(const std::string &what) const {
    fail(value ? "should be " + what + " but is " + std::string(value->kind())
               : "is missing; it should be " + what);
  }
  /// For a component or choice that this reader does not know.
  void unsupported(const std::string &name, const std::string &known) const {
    fail("is '" + name + "', which is not supported; " + known);
  }

private:
  Problem *problem;
  const json::Value *value;
  std::string path;
};

} // namespace

/// Fills a Tokenizer from the file; a friend of it.
class TokenizerReader {
public:
  TokenizerReader(const json::Value &root, const std::string &origin)
      : problem{origin, std::nullopt}, root(problem, &root, "") {}

  Result<Tokenizer> read() {
    readVersion();
    Tokenizer tokenizer(readModel(root.member("model")));
    readNormalizer(root.member("normalizer"), tokenizer);
    readPreTokenizer(root.member("pre_tokenizer"), tokenizer);
    readPostProcessor(root.member("post_processor"), tokenizer);
    readTruncation(root.member("truncation"), tokenizer);
    readPadding(root.member("padding"), tokenizer);
    readAddedTokens(root.member("added_tokens"), tokenizer);
    if (problem.first)
      return *problem.first;
    return tokenizer;
  }

private:
  using Part = Tokenizer::TemplatePart;

  void readVersion() {
    Field version = root.member("version");
    if (version.isPresent() && version.string() != "1.0")
      version.unsupported(version.string(), "'1.0' is");
  }

  WordPiece readModel(const Field &model) {
    Field type = model.member("type"); // left out by old writers
    if (type.isPresent() && type.string() != "WordPiece")
      type.unsupported(type.string(), "WordPiece is");
    std::string prefix = model.member("continuing_subword_prefix").string();
    auto maxChars = static_cast<size_t>(
        model.member("max_input_chars_per_word").integer(kMaxLength));
    WordPiece::Vocabulary vocabulary;
    Field entries = model.member("vocab");
    for (const json::Member &entry : entries.members()) {
      std::optional<int64_t> id = entry.value.integer();
      if (!id || *id < 0 || *id > kMaxId)
        entries.fail("should give '" + entry.name + "' an integer from 0 to " +
                     std::to_string(kMaxId));
      else
        vocabulary.emplace(entry.name, static_cast<int32_t>(*id));
    }
    Field unknown = model.member("unk_token");
    auto found = vocabulary.find(unknown.string());
    if (found == vocabulary.end())
      unknown.fail("is '" + unknown.string() +
                   "', which is not in the vocabulary");
    int32_t unknownId = found == vocabulary.end() ? 0 : found->second;
    return WordPiece(std::move(vocabulary), prefix, unknownId, maxChars);
  }

  void readNormalizer(const Field &field, Tokenizer &tokenizer) {
    if (field.isNull())
      return;
    Field type = field.member("type");
    if (type.string() != "BertNormalizer")
      return type.unsupported(type.string(), "BertNormalizer and null are");
    BertNormalizer normalizer;
    normalizer.cleansText = field.member("clean_text").boolean();
    normalizer.separatesChinese =
        field.member("handle_chinese_chars").boolean();
    normalizer.lowercases = field.member("lowercase").boolean();
    if (Field strips = field.member("strip_accents"); !strips.isNull())
      normalizer.stripsAccents = strips.boolean();
    tokenizer.normalizer = normalizer;
  }

  void readPreTokenizer(const Field &field, Tokenizer &tokenizer) {
    if (field.isNull())
      return;
    Field type = field.member("type");
    if (type.string() != "BertPreTokenizer")
      return type.unsupported(type.string(), "BertPreTokenizer and null are");
    tokenizer.splitsWords = true;
  }

  void readPostProcessor(const Field &field, Tokenizer &tokenizer) {
    tokenizer.single = {{Part::Kind::First, {}, 0}};
    tokenizer.pair = {{Part::Kind::First, {}, 0}, {Part::Kind::Second, {}, 1}};
    if (field.isNull())
      return;
    Field type = field.member("type");
    if (type.string() == "BertProcessing")
      return readBertProcessing(field, tokenizer);
    if (type.string() != "TemplateProcessing")
      return type.unsupported(
          type.string(), "TemplateProcessing, BertProcessing and null are");
    Field special = field.member("special_tokens");
    tokenizer.single = readTemplate(field.member("single"), special, false);
    tokenizer.pair = readTemplate(field.member("pair"), special, true);
  }

  void readBertProcessing(const Field &field, Tokenizer &tokenizer) {
    int32_t sep = readNamedId(field.member("sep"));
    int32_t cls = readNamedId(field.member("cls"));
    tokenizer.single = {{Part::Kind::Special, {cls}, 0},
                        {Part::Kind::First, {}, 0},
                        {Part::Kind::Special, {sep}, 0}};
    tokenizer.pair = tokenizer.single;
    tokenizer.pair.push_back({Part::Kind::Second, {}, 1});
    tokenizer.pair.push_back({Part::Kind::Special, {sep}, 1});
  }

  /// ["[SEP]", 102]
  int32_t readNamedId(const Field &field) {
    std::vector<Field> elements = field.elements();
    if (elements.size() == 2)
      return elements[1].id();
    field.expected("an array of a token and its id");
    return 0;
  }

  Tokenizer::Template readTemplate(const Field &field, const Field &special,
                                   bool isPair) {
    Tokenizer::Template parts;
    for (const Field &element : field.elements()) {
      Field sequence = element.member("Sequence");
      Field token = element.member("SpecialToken");
      if (sequence.isPresent())
        parts.push_back(readSequence(sequence, isPair));
      else if (token.isPresent())
        parts.push_back(readSpecial(token, special));
      else
        element.fail("has neither Sequence nor SpecialToken");
    }
    return parts;
  }

  Part readSequence(const Field &field, bool isPair) {
    Field which = field.member("id");
    bool isSecond = which.string() == "B";
    if (which.string() != "A" && !(isSecond && isPair))
      which.fail("should be " + std::string(isPair ? "A or B" : "A") +
                 " but is '" + which.string() + "'");
    return {isSecond ? Part::Kind::Second : Part::Kind::First,
            {},
            field.member("type_id").id()};
  }

  Part readSpecial(const Field &field, const Field &special) {
    Field name = field.member("id");
    Part part{Part::Kind::Special, {}, field.member("type_id").id()};
    Field token = special.member(name.string());
    if (!token.isPresent())
      name.fail("is '" + name.string() + "', which special_tokens lacks");
    else
      for (const Field &id : token.member("ids").elements())
        part.ids.push_back(id.id());
    return part;
  }

  /// Whether `field`, a direction, is Left; else it is Right.
  bool isLeft(const Field &field) {
    std::string direction = field.string();
    if (direction != "Left" && direction != "Right")
      field.unsupported(direction, "Left and Right are");
    return direction == "Left";
  }

  void readTruncation(const Field &field, Tokenizer &tokenizer) {
    if (field.isNull())
      return;
    using Strategy = Truncation::Strategy;
    Truncation truncation;
    truncation.maxTokens =
        static_cast<size_t>(field.member("max_length").integer(kMaxLength));
    Field strategy = field.member("strategy");
    if (strategy.string() == "OnlyFirst")
      truncation.strategy = Strategy::OnlyFirst;
    else if (strategy.string() == "OnlySecond")
      truncation.strategy = Strategy::OnlySecond;
    else if (strategy.string() != "LongestFirst")
      strategy.unsupported(strategy.string(),
                           "LongestFirst, OnlyFirst and OnlySecond are");
    if (Field direction = field.member("direction"); direction.isPresent())
      truncation.cutsLeft = isLeft(direction);
    tokenizer.truncation = truncation;
  }

  void readPadding(const Field &field, Tokenizer &tokenizer) {
    if (field.isNull())
      return;
    Padding padding;
    Field strategy = field.member("strategy");
    if (Field fixed = strategy.member("Fixed"); fixed.isPresent())
      padding.lengthTokens = static_cast<size_t>(fixed.integer(kMaxLength));
    else if (strategy.string() != "BatchLongest")
      strategy.unsupported(strategy.string(), "BatchLongest and Fixed are");
    padding.padsLeft = isLeft(field.member("direction"));
    if (Field multiple = field.member("pad_to_multiple_of"); !multiple.isNull())
      padding.multipleOf = static_cast<size_t>(multiple.integer(kMaxLength));
    padding.id = field.member("pad_id").id();
    padding.typeId = field.member("pad_type_id").id();
    tokenizer.padding = padding;
  }

  void readAddedTokens(const Field &field, Tokenizer &tokenizer) {
    if (field.isNull())
      return;
    std::vector<AddedToken> special, other;
    for (const Field &element : field.elements()) {
      AddedToken token = readAddedToken(element, tokenizer);
      tokenizer.addedIds.emplace(token.content, token.id);
      bool isSpecial = element.member("special").boolean();
      (isSpecial ? special : other).push_back(std::move(token));
    }
    // Where two become the same text, a special one goes before.
    special.insert(special.end(), other.begin(), other.end());
    std::vector<AddedToken> raw, normalized;
    for (AddedToken &token : special)
      (token.isNormalized ? normalized : raw).push_back(std::move(token));
    tokenizer.rawTokens = AddedTokens(std::move(raw));
    for (AddedToken &token : normalized) {
      std::string content = tokenizer.normalize(token.content);
      if (content.empty())
        field.fail("has '" + token.content +
                   "', of which normalization leaves nothing to find");
      token.content = content;
    }
    tokenizer.normalizedTokens = AddedTokens(std::move(normalized));
  }

  AddedToken readAddedToken(const Field &field, const Tokenizer &tokenizer) {
    AddedToken token;
    Field content = field.member("content");
    token.content = content.string();
    token.isSingleWord = field.member("single_word").boolean();
    token.stripsLeft = field.member("lstrip").boolean();
    token.stripsRight = field.member("rstrip").boolean();
    token.isNormalized = field.member("normalized").boolean();
    token.id = field.member("id").id();
    if (token.content.empty())
      content.fail("is empty");
    if (tokenizer.addedIds.contains(token.content))
      content.fail("is '" + token.content + "', which is listed before");
    // The library numbers added tokens itself, whatever the file says.
    int64_t id = tokenizer.idOf(token.content).value_or(nextId(tokenizer));
    if (id != token.id)
      field.member("id").fail("is " + std::to_string(token.id) + " but '" +
                              token.content + "' has the number " +
                              std::to_string(id));
    return token;
  }

  /// Added tokens that the vocabulary lacks are numbered from its end on.
  int64_t nextId(const Tokenizer &tokenizer) {
    int64_t next = static_cast<int64_t>(tokenizer.model.vocabulary().size());
    for (const auto &[content, id] : tokenizer.addedIds)
      next = std::max<int64_t>(next, int64_t(id) + 1);
    return next;
  }

  Problem problem;
  Field root;
};

Result<Tokenizer> Tokenizer::parse(std::string_view text,
                                   const std::string &origin) {
  Result<json::Value> root = json::parse(text, origin);
  if (!root)
    return root.error();
  return TokenizerReader(*root, origin).read();
}

Result<Tokenizer> Tokenizer::open(const std::string &path) {
  Result<MappedFile> file = MappedFile::open(path);
  if (!file)
    return file.error();
  return parse(file->text(), path);
}

} // namespace tenon::rt
