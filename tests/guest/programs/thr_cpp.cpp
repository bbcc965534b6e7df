// A threaded C++ program: std::thread, futures, atomics, exceptions across frames and threads,
// iostreams.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <numeric>
#include <queue>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
template <typename T>
class Channel {
 public:
  void put(T v) {
    std::lock_guard g(m_);
    q_.push(std::move(v));
    c_.notify_one();
  }
  T take() {
    std::unique_lock g(m_);
    c_.wait(g, [&] { return !q_.empty(); });
    T v = std::move(q_.front());
    q_.pop();
    return v;
  }

 private:
  std::mutex m_;
  std::condition_variable c_;
  std::queue<T> q_;
};
int main() {
  Channel<int> in, out;
  std::vector<std::thread> workers;
  for (int i = 0; i < 6; i++)
    workers.emplace_back([&] {
      for (int v; (v = in.take()) >= 0;) out.put(v * v);
    });
  for (int i = 0; i < 2000; i++) in.put(i);
  long sum = 0;
  for (int i = 0; i < 2000; i++) sum += out.take();
  for (int i = 0; i < 6; i++) in.put(-1);
  for (auto& w : workers) w.join();
  std::cout << "squares " << sum << std::endl;
  auto f =
      std::async(std::launch::async, []() -> int { throw std::runtime_error("from a thread"); });
  try {
    f.get();
  } catch (const std::exception& e) {
    std::cout << "caught " << e.what() << std::endl;
  }
  std::atomic<long> n{0};
  std::vector<std::jthread> ts;
  for (int i = 0; i < 8; i++)
    ts.emplace_back([&] {
      for (int k = 0; k < 20000; k++) n.fetch_add(1);
    });
  ts.clear();
  std::cout << "atomic " << n << std::endl;
  std::map<std::string, int> words;
  std::vector<std::future<int>> futures;
  for (int i = 0; i < 10; i++)
    futures.push_back(std::async(std::launch::async, [i] {
      std::vector<int> v(10000);
      std::iota(v.begin(), v.end(), i);
      std::sort(v.rbegin(), v.rend());
      return v[i];
    }));
  for (int i = 0; i < 10; i++) words["f" + std::to_string(i)] = futures[i].get();
  for (auto& [k, v] : words) std::cout << k << "=" << v << " ";
  std::cout << std::endl;
}
