"""A crowd that asks for one tile at once, and services that are told to end while they are asked.

    python3 benches/service.py --naqsha PATH/TO/naqsha --store FOLDER [--runs 100]

Stampede: 500 connections ask for a tile that nobody asked for before, all at once; the answers must be equal, and computed once.
Drain: a service is asked by eight clients, each request on a connection of its own, and told to end (SIGTERM) at a random moment;
whoever was let in must be answered, and the service must end with 0 within 35 s.
"""

import argparse
import asyncio
import http.client
import json
import random
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

CROWD = 500
CLIENTS = 8
PORT = 18085
ADMIN = 18086


def start(program, store, folder, stack):
    config = folder / "naqsha.toml"
    config.write_text('[auth]\nanonymous_role = "analyst"\n[analysis]\nstudy_area = "pakistan"\n'
                      f'[server]\nadmin_listen = "127.0.0.1:{ADMIN}"\n')
    command = [program, "--config", config, "--data", store, "serve", "--listen", f"127.0.0.1:{PORT}"]
    child = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.append(child)
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz", timeout=10).read()
            return child
        except OSError:
            assert child.poll() is None, "the service ended"
            time.sleep(0.05)
    raise SystemExit("the service does not answer")


def computed():
    text = urllib.request.urlopen(f"http://127.0.0.1:{ADMIN}/metrics").read().decode()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("naqsha_http_computed_total ")))


async def stampede(path):
    """Seconds until the last of a crowd is answered."""
    links = [await asyncio.open_connection("127.0.0.1", PORT, limit=1 << 22) for _ in range(CROWD)]
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nConnection: close\r\n\r\n".encode()

    async def ask(reader, writer):
        writer.write(request)
        answer = await reader.read()
        writer.close()
        return answer.split(b"\r\n", 1)[0], answer.split(b"\r\n\r\n", 1)[1]

    began = time.perf_counter()
    answers = await asyncio.gather(*(ask(*link) for link in links))
    seconds = time.perf_counter() - began
    assert {head for head, _ in answers} == {b"HTTP/1.1 200 OK"}, {head for head, _ in answers}
    assert len({body for _, body in answers}) == 1
    return seconds, len(answers[0][1])


def ask_until_refused(paths, counts):
    draw = random.Random(threading.get_ident())
    while True:
        link = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        try:
            link.connect()
        except ConnectionRefusedError:
            return
        try:
            link.request("GET", draw.choice(paths))
            reply = link.getresponse()
            reply.read()
            counts[reply.status] = counts.get(reply.status, 0) + 1
        except (OSError, http.client.HTTPException) as error:
            counts[type(error).__name__] = counts.get(type(error).__name__, 0) + 1
        finally:
            link.close()


def drain(program, store, folder, stack, nth):
    child = start(program, store, folder, stack)
    counts = {}
    paths = [f"/xyz/hotspots/7/{x}/51.mvt?resolution=7&alpha=0.0{nth + 1}{x}" for x in range(85, 95)]
    paths += ["/collections/counts/items?limit=1000", "/collections"]
    clients = [threading.Thread(target=ask_until_refused, args=(paths, counts)) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    time.sleep(random.Random(nth).uniform(0.05, 0.8))
    told = time.perf_counter()
    child.send_signal(signal.SIGTERM)
    code = child.wait(60)
    seconds = time.perf_counter() - told
    for client in clients:
        client.join()
    return code, seconds, counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--naqsha", required=True, type=Path)
    parser.add_argument("--store", required=True, type=Path)
    parser.add_argument("--runs", type=int, default=100)
    arguments = parser.parse_args()
    stack = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            child = start(arguments.naqsha, arguments.store, Path(folder), stack)
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/xyz/hotspots/7/90/51.mvt?resolution=7").read()
            for nth in range(5):
                before = computed()
                seconds, length = asyncio.run(stampede(f"/xyz/hotspots/7/90/51.mvt?resolution=7&alpha=0.06{nth}"))
                print(json.dumps({"stampede": CROWD, "bytes": length, "seconds": round(seconds, 3), "computed": computed() - before}), flush=True)
            child.send_signal(signal.SIGTERM)
            child.wait(60)
            totals, codes, longest = {}, {}, 0.0
            for nth in range(arguments.runs):
                code, seconds, counts = drain(arguments.naqsha, arguments.store, Path(folder), stack, nth)
                codes[code], longest = codes.get(code, 0) + 1, max(longest, seconds)
                for what, number in counts.items():
                    totals[what] = totals.get(what, 0) + number
            print(json.dumps({"drains": arguments.runs, "exit codes": codes, "longest_seconds": round(longest, 2), "answers": totals}))
        finally:
            for child in stack:
                child.kill()


if __name__ == "__main__":
    main()
