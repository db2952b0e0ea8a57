"""Clients that are slow on purpose, and what others notice of them (A21).

    python3 benches/slow_clients.py --naqsha PATH/TO/naqsha --store FOLDER [--sockets 2000] [--seconds 40] [--connections 1024]

A third of the sockets drips the head of a request, a third its body, a third asks for documents and takes nothing of them; who is
cut off comes again. Others ask for a warm page, each time on a new connection. One line of JSON: the 99th of a hundred times of
others without and among slow clients, how long a slow head lived at most, and statuses. Exit 1 where others take more than twice as
long, a head lives longer than 15 s, or an answer is no 200.
"""

import argparse
import asyncio
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PORT = 18087
FIRST = {
    "head": b"GET / HTTP/1.1\r\nHost: a\r\nX",
    "body": b"POST /processes/counts/execution HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n{",
    "reader": b"GET /api HTTP/1.1\r\nHost: a\r\n\r\n" * 200,
}


async def slow(kind, until, lives, counts):
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", PORT, limit=1 << 10)
        except OSError:
            counts["not connected"] = counts.get("not connected", 0) + 1
            await asyncio.sleep(0.1)
            continue
        try:
            writer.write(FIRST[kind])
            while time.monotonic() < until:
                if kind == "reader":
                    # Nothing is read: the end of it is seen by the error of a write.
                    writer.write(b"G")
                    await asyncio.sleep(1)
                    if writer.transport.is_closing():
                        break
                    continue
                writer.write(b"x")
                try:
                    if await asyncio.wait_for(reader.read(256), 1) == b"":
                        break
                except asyncio.TimeoutError:
                    pass
            else:
                writer.transport.abort()
                return
        except OSError:
            pass
        writer.transport.abort()
        lives[kind] = max(lives[kind], time.monotonic() - began)
        counts[f"{kind} cut"] = counts.get(f"{kind} cut", 0) + 1


async def others(path, seconds, statuses):
    times, until = [], time.monotonic() + seconds
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nConnection: close\r\n\r\n".encode()
    while time.monotonic() < until:
        began = time.perf_counter()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
            writer.write(request)
            answer = await asyncio.wait_for(reader.read(), 30)
            writer.close()
            status = answer[9:12].decode() or "cut"
        except (OSError, asyncio.TimeoutError) as error:
            status = type(error).__name__
        statuses[status] = statuses.get(status, 0) + 1
        times.append(time.perf_counter() - began)
        await asyncio.sleep(0.01)
    return times


def nth(times, share):
    return round(1000 * sorted(times)[min(len(times) - 1, int(len(times) * share))], 2)


async def measure(arguments):
    path = "/collections/counts/items?limit=20"
    statuses, lives, counts = {}, {kind: 0.0 for kind in FIRST}, {}
    await others(path, 2, {})
    alone = await others(path, min(10, arguments.seconds), statuses)
    until = time.monotonic() + arguments.seconds
    kinds = list(FIRST)
    crowd = [asyncio.create_task(slow(kinds[n % 3], until, lives, counts)) for n in range(arguments.sockets)]
    await asyncio.sleep(3)
    among = await others(path, arguments.seconds - 5, statuses)
    await asyncio.gather(*crowd)
    return {
        "sockets": arguments.sockets, "connections": arguments.connections,
        "median_alone_ms": nth(alone, 0.5), "p99_alone_ms": nth(alone, 0.99), "median_among_ms": nth(among, 0.5),
        "p99_among_ms": nth(among, 0.99), "asked_among": len(among), "statuses": statuses,
        "longest_lives_s": {kind: round(life, 1) for kind, life in lives.items()}, "cut": counts,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--naqsha", required=True, type=Path)
    parser.add_argument("--store", required=True, type=Path)
    parser.add_argument("--sockets", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=40)
    parser.add_argument("--connections", type=int, default=1024)
    arguments = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "naqsha.toml"
        config.write_text(f'[auth]\nanonymous_role = "analyst"\n[server.limits]\nconnections = {arguments.connections}\n')
        command = [arguments.naqsha, "--config", config, "--data", arguments.store, "serve", "--listen", f"127.0.0.1:{PORT}"]
        child = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz", timeout=10).read()
                    break
                except OSError:
                    assert child.poll() is None, "the service ended"
                    time.sleep(0.05)
            found = asyncio.run(measure(arguments))
            child.send_signal(signal.SIGTERM)
            found["exit"] = child.wait(60)
        finally:
            child.kill()
    good = found["p99_among_ms"] <= 2 * found["p99_alone_ms"] and found["longest_lives_s"]["head"] <= 15
    found["met"] = good and set(found["statuses"]) == {"200"}
    print(json.dumps(found))
    sys.exit(0 if found["met"] else 1)


if __name__ == "__main__":
    main()
