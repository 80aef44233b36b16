"""W1 (a chain) and W2 (a fabric) in SimPy, as its tutorials write them: a process per packet, a resource per link.

    python3 simpy_workloads.py w1|w2 PACKETS     prints "hops seconds mean_wait_ns p99_wait_ns" of the event loop

What it does per hop less than fabricsim: no addresses, no tables, no queue limit, no counters; only times.
"""

import math
import sys
import time

import simpy

MASK = (1 << 64) - 1


class Draws:
    """splitmix64 and the inverse logarithm, as in the bare loop."""

    def __init__(self):
        self.state = 7

    def exponential(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = ((self.state ^ (self.state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        z ^= z >> 31
        return -math.log(((z >> 11) + 1) / (1 << 53))


def packet(env, path, unloaded, waits):
    sent = env.now
    for transmitter, service, delay in path:
        with transmitter.request() as turn:
            yield turn
            yield env.timeout(service)
        yield env.timeout(delay)
    waits.append((env.now - sent - unloaded) // 1000)


def flow(env, draws, path, interval, budget, waits):
    unloaded = sum(service + delay for _, service, delay in path)
    while True:
        yield env.timeout(round(draws.exponential() * interval))
        if budget[0] == 0:
            return
        budget[0] -= 1
        env.process(packet(env, path, unloaded, waits))


def link(env, service, delay):
    return (simpy.Resource(env), service, delay)


def chain(env):
    path = [link(env, 120_000, 50_000_000) for _ in range(9)]
    return [(path, 120_000 / 0.7)]


def fabric(env):
    flows = []
    for _ in range(2):
        near, far = link(env, 30_000, 1_000_000), link(env, 30_000, 1_000_000)
        inner = [[link(env, 120_000, delay) for delay in (1_000_000, 50_000_000, 1_000_000)] for _ in range(4)]
        flows += [([near, *inner[number % 4], far], 25e6) for number in range(500)]
    return flows


def main():
    workload, packets = sys.argv[1], int(sys.argv[2])
    env, draws, waits, budget = simpy.Environment(), Draws(), [], [packets]
    flows = chain(env) if workload == "w1" else fabric(env)
    for path, interval in flows:
        env.process(flow(env, draws, path, interval, budget, waits))
    begin = time.perf_counter()
    env.run()
    seconds = time.perf_counter() - begin
    waits.sort()
    p99 = waits[math.ceil(len(waits) * 0.99) - 1]
    print(len(waits) * len(flows[0][0]), f"{seconds:.6f}", f"{sum(waits) / len(waits):.2f}", p99)


main()
