#include "test/hygiene/rooms.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace container_agent::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> program_files() {
  std::vector<std::string> result;
  for (const auto& file :
       project_files({"messages", "actors", "main"},
                     {".hpp", ".cpp", ".in", ".js", ".css", ".html"}))
    result.push_back(file.path);
  return result;
}

} // namespace

TEST(rooms, are_entered_from_above_only) {
  EXPECT_THAT(complaints_about(cpp_files(), order_complaints), IsEmpty());
}

TEST(rooms, refuse_an_include_that_is_turned_around) {
  EXPECT_THAT(
    order_complaints({"main/loop/a.cpp", "#include \"main/fifo/b.hpp\"\n"}),
    ElementsAre(HasSubstr("main/fifo/b.hpp is in a room above")));
  EXPECT_THAT(order_complaints(
                {"actors/core/a.hpp", "#include \"actors/session/b.hpp\"\n"}),
              SizeIs(1));
  EXPECT_THAT(
    order_complaints({"main/fifo/a.cpp", "#include \"main/loop/b.hpp\"\n"}),
    IsEmpty());
  EXPECT_THAT(order_complaints({"test/a.cpp", "#include \"main/app/b.hpp\"\n"}),
              IsEmpty());
}

TEST(rooms, have_places_for_all_files) {
  EXPECT_THAT(room_complaints(program_files()), IsEmpty());
}

TEST(rooms, refuse_crowds_strangers_and_two_of_one_name) {
  std::vector<std::string> crowd;
  for (std::size_t i = 0; i <= max_files; ++i)
    crowd.push_back("main/loop/" + std::to_string(i) + ".cpp");
  EXPECT_THAT(room_complaints(crowd), ElementsAre(HasSubstr("more than 24")));
  EXPECT_THAT(room_complaints({"main/attic/a.cpp"}),
              ElementsAre(HasSubstr("is no room")));
  EXPECT_THAT(room_complaints({"main/loop/a.hpp", "main/fifo/a.hpp"}),
              ElementsAre(HasSubstr("has the name of main/loop/a.hpp")));
}

} // namespace container_agent::test
