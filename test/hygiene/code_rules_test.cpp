#include "test/hygiene/code_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace container_agent::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Files that may be longer, each with the reason.
const std::vector<long_file> long_files{
  {"actors/session/conversation_fold.cpp", 450,
   "what each kind of line means, together"},
  {"main/process/claude_child.cpp", 430, "one state, kept and not kept"},
  {"main/app/wiring.cpp", 450, "the one place that knows who knows whom"},
  {"test/actors/child_link_test.cpp", 430, "all ends of one child"},
  {"test/actors/conversation_fold_test.cpp", 950, "a case a kind of line"},
  {"test/actors/conversation_test.cpp", 420, "a case a message"},
  {"test/actors/dialogue_crash_test.cpp", 430, "a case a way to crash"},
  {"test/actors/whole_agent_test.cpp", 410, "all actors together"},
  {"test/fifo/fifo_output_test.cpp", 420, "a case a way to read"},
  {"test/fifo/fifo_reply_output_test.cpp", 430, "likewise"},
  {"test/simulation/judge.cpp", 470, "all that is judged"},
  {"test/simulation/checks/judge_test.cpp", 700,
   "a case a fault that it finds"}};

std::string file_of(std::size_t lines) {
  std::string result;
  for (std::size_t i = 0; i < lines; ++i)
    result += "int x;\n";
  return result;
}

complaints includes(std::string path, std::string_view what) {
  return include_complaints(
    {std::move(path), "#include " + std::string{what} + "\n"});
}

} // namespace

TEST(source_tree, holds_the_project) {
  auto files = cpp_files();
  auto paths = std::vector<std::string>{};
  for (const auto& file : files)
    paths.push_back(file.path);
  EXPECT_THAT(paths, testing::IsSupersetOf(
                       {"messages/interfaces.hpp", "actors/core/ports.hpp",
                        "test/hygiene/code_rules_test.cpp"}));
}

TEST(source_tree, comments_and_literals_are_no_code) {
  EXPECT_EQ(code_of("a // b\nc"), "a     \nc");
  EXPECT_EQ(code_of("a /* b\n b */ c"), "a     \n      c");
  EXPECT_EQ(code_of(R"(f("a\"b", 'c');)"), "f(      ,    );");
  EXPECT_EQ(code_of("x = R\"(a\"b)\" + y;"), "x =          + y;");
  EXPECT_EQ(code_of("1'000 + b"), "1'000 + b");
  EXPECT_EQ(code_of("#include \"a.hpp\" // b\n"), "#include \"a.hpp\"     \n");
}

TEST(include_rule, holds) {
  EXPECT_THAT(complaints_about(cpp_files(), include_complaints), IsEmpty());
}

TEST(include_rule, refuses_what_messages_may_not_know) {
  EXPECT_THAT(includes("messages/a.hpp", "<boost/asio.hpp>"), SizeIs(1));
  EXPECT_THAT(includes("messages/a.cpp", "<nlohmann/json.hpp>"), SizeIs(1));
  EXPECT_THAT(includes("messages/codec/a.hpp", "<nlohmann/json.hpp>"),
              SizeIs(1));
  EXPECT_THAT(includes("messages/a.hpp", "<unistd.h>"), SizeIs(1));
  EXPECT_THAT(includes("messages/a.hpp", "<caf/io/all.hpp>"), SizeIs(1));
  EXPECT_THAT(includes("messages/a.hpp", "\"actors/core/ports.hpp\""),
              SizeIs(1));
}

TEST(include_rule, refuses_what_actors_may_not_know) {
  EXPECT_THAT(includes("actors/a.cpp", "<boost/asio.hpp>"), SizeIs(1));
  EXPECT_THAT(includes("actors/a.cpp", "<sys/wait.h>"), SizeIs(1));
  EXPECT_THAT(includes("actors/a.cpp", "\"test/hygiene/source_tree.hpp\""),
              ElementsAre(HasSubstr("actors/ may not include test/")));
}

TEST(include_rule, refuses_tests_in_the_program) {
  EXPECT_THAT(includes("main/a.cpp", "\"test/hygiene/source_tree.hpp\""),
              SizeIs(1));
  EXPECT_THAT(includes("main/loop/a.cpp", "<gtest/gtest.h>"), SizeIs(1));
}

TEST(include_rule, refuses_paths_that_are_not_from_the_root) {
  EXPECT_THAT(includes("test/hygiene/a.cpp", "\"source_tree.hpp\""),
              ElementsAre(HasSubstr("test/hygiene/a.cpp:1")));
}

TEST(include_rule, allows_what_it_should) {
  EXPECT_THAT(includes("messages/codec/a.cpp", "<nlohmann/json.hpp>"),
              IsEmpty());
  EXPECT_THAT(
    includes("messages/codec/a.cpp", "<boost/json/basic_parser_impl.hpp>"),
    IsEmpty());
  EXPECT_THAT(includes("actors/a.cpp", "<caf/send.hpp>"), IsEmpty());
  EXPECT_THAT(includes("actors/a.cpp", "<vector>"), IsEmpty());
  EXPECT_THAT(includes("actors/a.cpp", "\"messages/interfaces.hpp\""),
              IsEmpty());
  EXPECT_THAT(includes("main/a.cpp", "<boost/asio.hpp>"), IsEmpty());
  EXPECT_THAT(includes("test/a.cpp", "\"actors/core/ports.hpp\""), IsEmpty());
  EXPECT_THAT(includes("actors/a.cpp", "<vector> // <thread>"), IsEmpty());
}

TEST(purity, holds) {
  EXPECT_THAT(complaints_about(cpp_files(), purity_complaints), IsEmpty());
}

TEST(purity, refuses_threads_and_sleep_in_the_program) {
  for (auto bad :
       {"#include <mutex>", "std::thread t;", "std::jthread t;",
        "std::async(f);", "sys.spawn<caf::detached>(f);",
        // Reason: the rule against sleeping is only proven by a text that
        // sleeps. These are strings, handed to the rule and never compiled.
        "std::this_thread::sleep_for(x);", // reason: a text to refuse
        "usleep(5);", "::sleep (5);"})     // reason: texts, not compiled
    for (auto path :
         {"messages/a.cpp", "actors/a.cpp", "main/a.cpp", "main/loop/a.cpp"})
      EXPECT_THAT(purity_complaints({path, bad}), SizeIs(1)) << bad;
}

TEST(purity, refuses_time_chance_and_environment_in_actors) {
  for (auto bad :
       {"auto t = std::chrono::system_clock::now();", "steady_clock::now()",
        "std::random_device r;", "std::getenv(\"HOME\");", "caf::actor a;"}) {
    EXPECT_THAT(purity_complaints({"actors/a.cpp", bad}), SizeIs(1)) << bad;
    EXPECT_THAT(purity_complaints({"main/a.cpp", bad}), IsEmpty()) << bad;
  }
}

TEST(purity, reads_no_comments_and_no_texts) {
  // Reason: what stands in a comment is no call, and only a comment with such
  // a name in it shows that the rule knows. A string, never compiled.
  auto comment = "// usleep(5)\n"; // reason: a comment is no call
  EXPECT_THAT(purity_complaints({"actors/a.cpp", comment}), IsEmpty());
  EXPECT_THAT(purity_complaints({"actors/a.cpp", "f(\"std::thread\");\n"}),
              IsEmpty());
  EXPECT_THAT(purity_complaints({"main/a.cpp", "std::thread::id t;\n"}),
              IsEmpty());
  EXPECT_THAT(purity_complaints({"actors/a.cpp", "caf::actor_system& s;\n"}),
              IsEmpty());
}

TEST(file_size, holds) {
  EXPECT_THAT(complaints_about(cpp_files(),
                               [](const source_file& file) {
                                 return size_complaints(file, long_files);
                               }),
              IsEmpty());
  for (const auto& exception : long_files)
    EXPECT_TRUE(exists_in_project(std::string{exception.path}))
      << exception.path;
}

TEST(file_size, has_a_limit) {
  EXPECT_THAT(size_complaints({"a.cpp", file_of(399)}, {}), IsEmpty());
  EXPECT_THAT(size_complaints({"a.cpp", file_of(400)}, {}), IsEmpty());
  EXPECT_THAT(size_complaints({"a.cpp", file_of(401)}, {}), SizeIs(1));
}

TEST(file_size, has_exceptions_with_a_limit_that_are_needed) {
  std::vector<long_file> exceptions{{"a.cpp", 500, "a table"}};
  EXPECT_THAT(size_complaints({"a.cpp", file_of(500)}, exceptions), IsEmpty());
  EXPECT_THAT(size_complaints({"b.cpp", file_of(500)}, exceptions), SizeIs(1));
  EXPECT_THAT(size_complaints({"a.cpp", file_of(501)}, exceptions), SizeIs(1));
  EXPECT_THAT(size_complaints({"a.cpp", file_of(400)}, exceptions),
              ElementsAre(HasSubstr("needs no exception")));
}

TEST(text, is_clean) {
  EXPECT_THAT(complaints_about(cpp_files(), text_complaints), IsEmpty());
  EXPECT_THAT(complaints_about(documents(), text_complaints), IsEmpty());
  EXPECT_THAT(
    complaints_about(project_files({"CMakeLists.txt", "Makefile", "cmake",
                                    "tools", "test", ".ci", "LICENSE"},
                                   {".txt", "Makefile", ".cmake", ".sh",
                                    ".ci/run", "LICENSE"}),
                     text_complaints),
    IsEmpty());
}

TEST(text, refuses_what_is_not_clean) {
  for (auto bad : {"", "int a;", "int a;\n\n", "int a;\r\n", "\tint a;\n",
                   "int a; \n", "\xef\xbb\xbfint a;\n"})
    EXPECT_THAT(text_complaints({"main/a.cpp", bad}), SizeIs(1)) << bad;
  EXPECT_THAT(text_complaints({"main/a.hpp", "int a;\n"}), SizeIs(1));
  EXPECT_THAT(text_complaints({"main/a.hpp", "#pragma once\n"}), IsEmpty());
  EXPECT_THAT(text_complaints({"Makefile", "a:\n\tb\n"}), IsEmpty());
}

} // namespace container_agent::test
