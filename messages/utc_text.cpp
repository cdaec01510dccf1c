#include "messages/utc_text.hpp"

namespace container_agent {

namespace {

// std::format is not in this library yet, and printf's family takes longer than
// all the rest of a line.
void put_digits(char* end, int value, int digits) {
  for (; digits > 0; --digits, value /= 10)
    *--end = static_cast<char>('0' + value % 10);
}

} // namespace

std::string utc_text(std::chrono::system_clock::time_point time,
                     char separator) {
  using namespace std::chrono;
  auto day = floor<days>(time);
  year_month_day date{day};
  hh_mm_ss clock{floor<milliseconds>(time - day)};
  std::string out{"0000-00-00 00:00:00.000Z"};
  out[10] = separator;
  auto put = [&out](std::size_t end, auto value, int digits) {
    put_digits(out.data() + end, static_cast<int>(value), digits);
  };
  put(4, static_cast<int>(date.year()), 4);
  put(7, static_cast<unsigned>(date.month()), 2);
  put(10, static_cast<unsigned>(date.day()), 2);
  put(13, clock.hours().count(), 2);
  put(16, clock.minutes().count(), 2);
  put(19, clock.seconds().count(), 2);
  put(23, clock.subseconds().count(), 3);
  return out;
}

} // namespace container_agent
