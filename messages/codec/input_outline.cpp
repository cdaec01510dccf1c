#include "messages/codec/input_outline.hpp"

#include "messages/codec/input_message.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <array>
#include <cstddef>
#include <utility>

namespace container_agent::codec {

namespace {

// Receives a line's values one by one from Boost.JSON's parser, so that nothing
// is built that is not wanted. All handlers return false to end the parse.
class outline_reader {
public:
  using code = boost::json::error_code;
  using text_part = boost::json::string_view;

  // The line's length is limited already.
  static constexpr std::size_t max_object_size = -1;
  static constexpr std::size_t max_array_size = -1;
  static constexpr std::size_t max_key_size = -1;
  static constexpr std::size_t max_string_size = -1;

  explicit outline_reader(input_outline& out) : out_{out} {}

  bool on_document_begin(code&) { return true; }
  bool on_document_end(code&) { return true; }
  bool on_object_begin(code&) { return open(shape::object); }
  bool on_object_end(std::size_t, code&) { return close_object(); }
  bool on_array_begin(code&) { return open(shape::array); }

  bool on_array_end(std::size_t, code&) {
    --depth_;
    return true;
  }

  bool on_key_part(text_part part, std::size_t, code&) {
    if (depth_ <= keys_.size() && key_.size() <= max_key)
      key_.append(part.data(), part.size());
    return true;
  }

  bool on_key(text_part part, std::size_t size, code& error) {
    on_key_part(part, size, error);
    if (depth_ <= keys_.size())
      std::swap(keys_[depth_ - 1], key_);
    key_.clear();
    return true;
  }

  bool on_string_part(text_part part, std::size_t, code&) {
    if (wants_string())
      string_.append(part.data(), part.size());
    return true;
  }

  bool on_string(text_part part, std::size_t size, code& error) {
    on_string_part(part, size, error);
    scalar(shape::string, &string_);
    string_.clear();
    return true;
  }

  bool on_number_part(text_part, code&) { return true; }
  bool on_int64(std::int64_t, text_part, code&) { return other(); }
  bool on_uint64(std::uint64_t, text_part, code&) { return other(); }
  bool on_double(double, text_part, code&) { return other(); }
  bool on_bool(bool, code&) { return other(); }
  bool on_comment_part(text_part, code&) { return true; }
  bool on_comment(text_part, code&) { return true; }

  bool on_null(code&) {
    scalar(shape::null, nullptr);
    return true;
  }

private:
  // Longer keys are none of ours.
  static constexpr std::size_t max_key = 32;

  bool other() {
    scalar(shape::other, nullptr);
    return true;
  }

  bool wants_string() const {
    if (depth_ == 2)
      return keys_[1] == "role" || keys_[1] == "request_id";
    return depth_ == 1 || (in_block() && keys_[3] == "type");
  }

  bool close_object() {
    if (in_block()
        && (!block_has_type_ || (block_is_text_ && !block_has_text_)))
      out_.bad_block = true;
    --depth_;
    return true;
  }

  // Depth 1 holds the members of the line, 2 those of `message`, 3 the blocks
  // of `content` (an array, so without keys), 4 a block's members.
  void scalar(shape what, std::string* text) {
    if (depth_ == 1)
      top_member(what, text);
    else if (depth_ == 2)
      inner_member(what, text);
    else if (depth_ == 3 && in_content())
      out_.bad_block = true; // blocks are objects
    else if (in_block())
      block_member(what, text);
  }

  bool open(shape what) {
    if (depth_ == 3 && in_content())
      out_.bad_block = out_.bad_block || what != shape::object;
    else
      scalar(what, nullptr);
    ++depth_;
    if (depth_ <= keys_.size())
      keys_[depth_ - 1].clear();
    if (in_block())
      block_has_type_ = block_is_text_ = block_has_text_ = false;
    return true;
  }

  bool in_content() const {
    return keys_[0] == "message" && keys_[1] == "content"
           && out_.content_shape == shape::array;
  }

  bool in_block() const { return depth_ == 4 && in_content(); }

  void top_member(shape what, std::string* text) {
    const auto& name = keys_[0];
    if (name == "type")
      take(out_.type, text);
    else if (name == "subtype")
      take(out_.subtype, text);
    else if (name == "uuid")
      take(out_.uuid, text), out_.uuid_shape = what;
    else if (name == "request_id")
      take(out_.request_id, text), out_.request_id_shape = what;
    else if (name == "text")
      take(out_.text, text), out_.text_shape = what;
    else if (name == "message")
      out_.message_shape = what, out_.role.clear(),
      out_.content_shape = shape::absent, out_.bad_block = false;
    else if (name == "request")
      out_.request_shape = what;
    else if (name == "response")
      out_.response_shape = what;
  }

  void inner_member(shape what, std::string* text) {
    const auto& outer = keys_[0];
    const auto& name = keys_[1];
    if (outer == "message" && name == "role")
      take(out_.role, text);
    else if (outer == "message" && name == "content")
      out_.content_shape = what, out_.bad_block = false;
    else if (outer == "request" && name == "subtype")
      out_.request_subtype_shape = what;
    else if (outer == "response" && name == "request_id")
      take(out_.response_id, text);
  }

  void block_member(shape what, std::string* text) {
    if (keys_[3] == "type" && what == shape::string) {
      block_has_type_ = true;
      block_is_text_ = *text == "text";
    } else if (keys_[3] == "text") {
      block_has_text_ = what == shape::string;
    }
  }

  static void take(std::string& to, std::string* text) {
    to = text ? std::move(*text) : std::string{};
  }

  input_outline& out_;
  std::size_t depth_ = 0;
  std::array<std::string, 4> keys_;
  std::string key_;    // the one being read
  std::string string_; // the same
  bool block_has_type_ = false;
  bool block_is_text_ = false;
  bool block_has_text_ = false;
};

} // namespace

std::string read_outline(std::string_view line, input_outline& out) {
  boost::json::parse_options options;
  options.max_depth = max_json_depth;
  boost::json::basic_parser<outline_reader> parser{options, out};
  boost::json::error_code error;
  auto read = parser.write_some(false, line.data(), line.size(), error);
  if (!error && line.find_first_not_of(" \t\r", read) != std::string_view::npos)
    error = boost::json::error::extra_data;
  if (error == boost::json::error::too_deep)
    return "nested deeper than " + std::to_string(max_json_depth) + " levels";
  if (error && read < line.size() && line[read] == '\n')
    return "a line break at byte " + std::to_string(read)
           + ": within a string write it as \\n";
  return error ? error.message() + " at byte " + std::to_string(read) : "";
}

} // namespace container_agent::codec
