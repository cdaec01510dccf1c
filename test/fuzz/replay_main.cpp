#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size);

namespace {

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()),
                         input.size());
}

} // namespace

/// Feeds every file of the folders that are named to the fuzzer that this is
/// linked with. Each also goes in cut short at every byte of its first 4 KiB: a
/// corpus holds few files, and a parser's faults lie where the input ends.
int main(int argc, char** argv) {
  std::size_t inputs = 0;
  for (int i = 1; i < argc; ++i)
    for (const auto& file :
         std::filesystem::recursive_directory_iterator{argv[i]}) {
      if (!file.is_regular_file())
        continue;
      std::ifstream in{file.path(), std::ios::binary};
      std::string text{std::istreambuf_iterator<char>{in}, {}};
      run(text);
      auto cuts = std::min<std::size_t>(text.size(), 4096);
      for (std::size_t size = 0; size < cuts; ++size)
        run(text.substr(0, size));
      inputs += cuts + 1;
    }
  if (inputs == 0) {
    std::fprintf(stderr, "replay: no input in the folders given\n");
    return 1;
  }
  std::printf("replayed %zu inputs\n", inputs);
}
