#include "main/trace/read/trace_files.hpp"
#include "test/support/temp_dir.hpp"
#include "test/trace/trace_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace container_agent::test {

using testing::HasSubstr;

TEST(trace_files, are_read_in_the_order_given) {
  temp_dir dir;
  write_file(dir / "a.jsonl.1", header_line + message_line());
  write_file(dir / "a.jsonl", header_line + message_line({{"n", 3}}));
  std::istringstream standard{message_line({{"n", 4}})};
  trace::trace_files files{
    {(dir / "a.jsonl.1").string(), (dir / "a.jsonl").string(), "-"}, standard};
  EXPECT_EQ(files.error(), "");
  std::vector<std::uint64_t> numbers;
  std::ostringstream err;
  trace::read_trace(
    files.inputs(),
    [&](const auto& event, auto) { numbers.push_back(event.n); }, err);
  EXPECT_THAT(numbers, testing::ElementsAre(0, 2, 0, 3, 4));
}

TEST(trace_files, that_cannot_be_read_are_named) {
  temp_dir dir;
  std::istringstream standard;
  trace::trace_files missing{{(dir / "none").string()}, standard};
  EXPECT_THAT(missing.error(), HasSubstr("none: cannot be opened: No such"));
  trace::trace_files folder{{dir.path().string()}, standard};
  EXPECT_THAT(folder.error(), HasSubstr("is a directory"));
}

} // namespace container_agent::test
