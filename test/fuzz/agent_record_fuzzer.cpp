#include "messages/records/agent_record.hpp"
#include "test/fuzz/fuzz_input.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace container_agent;
using container_agent::test::require;

namespace {

void check(const std::string& line, std::string_view subtype) {
  require(line.ends_with('\n') && line.find('\n') == line.size() - 1,
          "a record is one line");
  auto record = nlohmann::json::parse(line, nullptr, false);
  require(record.is_object(), "a record is a JSON object");
  require(record["type"] == "container_agent", "its type");
  require(record["subtype"] == subtype, "its subtype");
  require(record["time"].is_string(), "its time");
  require(record["offset"].is_number_unsigned(), "its offset");
  require(codec::read_record(line).subtype == subtype, "it is read again");
}

} // namespace

/// Records quote what the host and the child sent: any bytes. And what looks
/// like one in a log may be anything.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  (void)codec::read_record({reinterpret_cast<const char*>(data), size});
  test::fuzz_input input{data, size};
  auto split = input.byte();
  auto detail = input.rest().substr(0, split);
  auto uuid = input.rest().substr(detail.size());
  codec::record_time time{
    std::chrono::system_clock::time_point{std::chrono::seconds{split}}, split};
  check(codec::rejected_record(time,
                               {"invalid_json", detail, split, uuid, uuid, {}}),
        "rejected");
  require(codec::excerpt_of(uuid).size() <= 4 * codec::max_excerpt,
          "an excerpt is short");
  check(codec::failed_record(time, uuid, "shutting_down", detail), "failed");
  check(codec::session_lost_record(time, uuid, detail), "session_lost");
  check(codec::stopping_record(time, detail), "stopping");
  return 0;
}
