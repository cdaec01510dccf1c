#include "messages/utc_text.hpp"

namespace container_agent {

namespace {

// std::format is not in this library yet, and printf's family takes longer than
// all the rest of a line.
void append_digits(std::string& out, int value, int digits) {
  auto end = out.size() + static_cast<std::size_t>(digits);
  out.resize(end);
  for (; digits > 0; --digits, value /= 10)
    out[--end] = static_cast<char>('0' + value % 10);
}

} // namespace

std::string utc_text(std::chrono::system_clock::time_point time,
                     char separator) {
  using namespace std::chrono;
  auto day = floor<days>(time);
  year_month_day date{day};
  hh_mm_ss clock{floor<milliseconds>(time - day)};
  std::string out;
  out.reserve(24);
  append_digits(out, static_cast<int>(date.year()), 4);
  out += '-';
  append_digits(out, static_cast<int>(static_cast<unsigned>(date.month())), 2);
  out += '-';
  append_digits(out, static_cast<int>(static_cast<unsigned>(date.day())), 2);
  out += separator;
  append_digits(out, static_cast<int>(clock.hours().count()), 2);
  out += ':';
  append_digits(out, static_cast<int>(clock.minutes().count()), 2);
  out += ':';
  append_digits(out, static_cast<int>(clock.seconds().count()), 2);
  out += '.';
  append_digits(out, static_cast<int>(clock.subseconds().count()), 3);
  return out += 'Z';
}

} // namespace container_agent
