#include "test/bench/payload.hpp"

#include "test/bench/host_io.hpp"

#include <charconv>
#include <stdexcept>

namespace container_agent::bench {

namespace {

constexpr std::string_view place = "########";
static_assert(place.size() == number_digits);

constexpr std::string_view uuid_field
  = R"("uuid":"00000000-0000-4000-8000-0000########")";
constexpr std::string_view session_field
  = R"("session_id":"00000000-0000-4000-8000-000000000000")";

// As in an answer about code: no long run that a scanner could skip at once.
constexpr std::string_view prose
  = R"(Then \"run\" the tests:\n\n```\nmake test\n```\nDas geht für alle. )";

std::string filler(std::size_t bytes) {
  std::string result;
  while (result.size() + prose.size() <= bytes)
    result += prose;
  result.append(bytes - result.size(), '.');
  return result;
}

numbered_line line_of(std::string_view front, std::string_view back,
                      std::size_t size) {
  if (size < front.size() + back.size() + 1)
    throw std::invalid_argument("no room for the fields of such a line");
  std::string text{front};
  text += filler(size - front.size() - back.size() - 1);
  text += back;
  text += '\n';
  return numbered_line{std::move(text)};
}

} // namespace

void write_number(char* at, std::uint64_t number) {
  for (auto i = number_digits; i-- > 0; number /= 10)
    at[i] = static_cast<char>('0' + number % 10);
}

std::optional<std::uint64_t> read_number(std::string_view text) {
  text = text.substr(0, number_digits);
  std::uint64_t result = 0;
  auto [end, error]
    = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error != std::errc{} || end != text.data() + number_digits)
    return std::nullopt;
  return result;
}

numbered_line::numbered_line(std::string text) : text_(std::move(text)) {
  for (auto at = text_.find(place); at != std::string::npos;
       at = text_.find(place, at + place.size()))
    places_.push_back(at);
}

std::string_view numbered_line::with(std::uint64_t number) {
  for (auto at : places_)
    write_number(text_.data() + at, number);
  return text_;
}

numbered_line user_line(std::size_t size) {
  auto front = std::string{user_prefix} + std::string{place} + " ";
  auto back = "\"}," + std::string{uuid_field} + "}";
  return line_of(front, back, size);
}

numbered_line result_line(std::size_t size) {
  auto front = std::string{result_prefix} + std::string{place} + " ";
  auto back = "\"," + std::string{session_field} + "}";
  return line_of(front, back, size);
}

numbered_line assistant_line() {
  auto front = std::string{assistant_prefix} + std::string{place}
               + R"(","role":"assistant","content":[{"type":"text","text":")";
  auto back = "\"}]}," + std::string{session_field} + "}";
  return line_of(front, back, line_bytes);
}

std::string flood_line(std::uint64_t bytes, std::uint64_t number) {
  auto text = std::string{user_prefix} + "flood " + std::to_string(bytes)
              + "\"}," + std::string{uuid_field} + "}\n";
  return std::string{numbered_line{std::move(text)}.with(number)};
}

std::uint64_t lines_of_flood(std::uint64_t bytes) {
  return bytes / block_bytes * (block_bytes / line_bytes);
}

} // namespace container_agent::bench
