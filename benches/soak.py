"""A service under a mixed load for long, killed now and then (A31).

    python3 benches/soak.py --naqsha PATH/TO/naqsha [--minutes 480] [--kill-every 60] [--rate 20] [--seed 1] [--rows 200]

A new store; requests come by the clock (open loop), --rate a second: tiles, pages, filters, aggregates, downloads, documents, and one
in twenty a file of --rows rows, every fifth of which is withdrawn again. Every --kill-every minutes the service is killed (-9) in the middle of it
and started again on the same store. Memory and open files are looked at every five seconds. One line of JSON at the end: answers by
status, what was acknowledged and is not there (must be none), the slope of memory over the second half of the longest life
in percent an hour, open files in the first and last minute of lives. Exit 1 where something acknowledged is lost, an answer is an error
that no kill explains, or files stay open.
"""

import argparse
import hashlib
import http.client
import json
import os
import queue
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

PORT = 18088
WORKERS = 16
HEADER = ("Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
          "Last outcome category,Context\n")
UPLOAD = "/collections/incidents/batches?profile=open.police-uk"


def rows_of(number, rows):
    draw = random.Random(number)
    line = "c{}-{},2018-{:02},WYP,WYP,{:.5f},{:.5f},On or near X,E01,Leeds,Drugs,,\n"
    return (HEADER + "".join(line.format(number, row, row % 12 + 1, draw.uniform(-1.8, -1.3), draw.uniform(53.6, 53.9))
                             for row in range(rows))).encode()


def reads(draw):
    x, y = draw.randrange(2016, 2040), draw.randrange(1310, 1330)
    return draw.choice([
        f"/xyz/counts/12/{x}/{y}.mvt", f"/xyz/hotspots/10/{x // 4}/{y // 4}.mvt?study_area=west-yorkshire",
        f"/collections/incidents/items?limit=50&offset={draw.randrange(500)}", "/collections/counts/items?resolution=6&study_area=west-yorkshire",
        f"/collections/incidents/items?limit=20&filter=category%3D'DT'%20AND%20S_INTERSECTS(geometry,BBOX({-1.8 + draw.random() / 4:.3f},53.6,-1.3,53.9))",
        "/collections/incidents/aggregate?group_by=category,period", "/downloads/counts.csv.zst?resolution=6&study_area=west-yorkshire", "/api", "/collections",
    ])


class Service:
    def __init__(self, program, folder):
        self.command = [str(program), "--config", str(folder / "naqsha.toml"), "--data", str(folder / "store"),
                        "serve", "--listen", f"127.0.0.1:{PORT}"]
        self.log = open(folder / "service.log", "ab")
        self.child, self.began, self.samples = None, 0.0, []

    def start(self):
        self.child = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=self.log)
        began = time.monotonic()
        while time.monotonic() < began + 60:
            try:
                if ask("GET", "/readyz")[0] == 200:
                    self.began = time.monotonic()
                    self.samples.append([])
                    return self.began - began
            except OSError:
                time.sleep(0.02)
            assert self.child.poll() is None, "the service ended"
        raise SystemExit("the service does not become ready")

    def sample(self):
        process = Path(f"/proc/{self.child.pid}")
        try:
            status = (process / "status").read_text()
            resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
            self.samples[-1].append((time.monotonic() - self.began, resident, len(os.listdir(process / "fd"))))
        except (OSError, StopIteration):
            pass


def ask(method, path, body=None, headers=None):
    link = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    try:
        link.request(method, path, body, headers or {})
        reply = link.getresponse()
        return reply.status, reply.read()
    finally:
        link.close()


class Load:
    def __init__(self, arguments):
        self.arguments, self.lock, self.work = arguments, threading.Lock(), queue.Queue()
        self.statuses, self.errors, self.live, self.withdrawn, self.open = {}, [], {}, set(), set()
        self.is_down, self.late, self.done = threading.Event(), 0, False

    def note(self, what, path="", is_error=False, detail=b""):
        with self.lock:
            self.statuses[what] = self.statuses.get(what, 0) + 1
            if is_error and len(self.errors) < 20:
                self.errors.append(f"{what} {path} {detail[:200]!r}")

    def worker(self, number):
        draw = random.Random(f"{self.arguments.seed} {number}")
        while True:
            job = self.work.get()
            if job is None:
                return
            due, nth = job
            if time.monotonic() - due > 1:
                self.late += 1
            try:
                self.upload(nth) if nth % 20 == 0 else self.read(reads(draw))
            except (OSError, http.client.HTTPException) as error:
                # Only a kill explains that.
                is_error = not self.is_down.is_set() and time.monotonic() - self.killed_at > 5
                self.note(f"cut ({type(error).__name__})" if not is_error else f"failed ({type(error).__name__})", is_error=is_error)

    killed_at = -1e9

    def read(self, path):
        status, body = ask("GET", path)
        self.note(status, path, status >= 500 and status != 503, body)

    def upload(self, nth):
        body = rows_of(nth, self.arguments.rows)
        digest = hashlib.sha256(body).hexdigest()
        with self.lock:
            self.open.add(digest)
        for _ in range(200):
            try:
                status, answer = ask("POST", UPLOAD, body, {"Idempotency-Key": f"soak-{nth}"})
            except (OSError, http.client.HTTPException):
                self.note("sent again")
                time.sleep(0.25)
                continue
            self.note(f"upload {status}", UPLOAD, status not in (201, 409, 503), answer)
            if status == 201:
                break
            time.sleep(0.25)
        else:
            self.note("never taken", is_error=True)
            return
        with self.lock:
            self.live[digest] = self.arguments.rows
        if nth % 100 == 0:
            try:
                status, answer = ask("DELETE", f"/collections/incidents/batches/{digest}?reason=soak")
            except (OSError, http.client.HTTPException):
                with self.lock:
                    del self.live[digest]
                return
            self.note(f"withdrawal {status}", "", status not in (204, 409, 503), answer)
            with self.lock:
                if status == 204:
                    self.withdrawn.add(digest)
                del self.live[digest]

    def lost(self):
        """Batches that were acknowledged and are not there, or are there although they were withdrawn."""
        with self.lock:
            live, withdrawn = dict(self.live), set(self.withdrawn)
        told = {batch["batch"]: batch for batch in json.loads(ask("GET", "/collections/incidents/batches")[1])["batches"]}
        lost = [digest for digest, rows in live.items()
                if told.get(digest, {}).get("state") != "live" or told[digest]["accepted"] != rows]
        return lost + [digest for digest in withdrawn if told.get(digest, {}).get("state") != "withdrawn"]


def slope(samples):
    """Percent an hour of memory by a straight line through the second half of a life."""
    half = [sample for sample in samples if sample[0] > samples[-1][0] / 2]
    if len(half) < 6:
        return None
    line = statistics.linear_regression([time for time, _, _ in half], [memory for _, memory, _ in half])
    return round(line.slope * 3600 / statistics.mean(memory for _, memory, _ in half) * 100, 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--naqsha", required=True, type=Path)
    parser.add_argument("--minutes", type=float, default=480)
    parser.add_argument("--kill-every", type=float, default=60)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="naqsha-soak-") as folder:
        folder = Path(folder)
        (folder / "naqsha.toml").write_text('[auth]\nanonymous_role = "analyst"\n')
        subprocess.run([arguments.naqsha, "--data", folder / "store", "init"], check=True, stdout=subprocess.DEVNULL)
        service, load = Service(arguments.naqsha, folder), Load(arguments)
        starts, lost, kills = [service.start()], [], 0
        workers = [threading.Thread(target=load.worker, args=(n,), daemon=True) for n in range(WORKERS)]
        for worker in workers:
            worker.start()
        began = time.monotonic()
        end, kill_at, look_at, nth = began + arguments.minutes * 60, began + arguments.kill_every * 60, began, 0
        try:
            while time.monotonic() < end:
                now = time.monotonic()
                if now >= look_at:
                    service.sample()
                    look_at = now + 5
                if now >= kill_at:
                    load.killed_at = time.monotonic()
                    load.is_down.set()
                    service.child.send_signal(signal.SIGKILL)
                    service.child.wait()
                    kills += 1
                    starts.append(service.start())
                    load.killed_at = time.monotonic()
                    load.is_down.clear()
                    lost += load.lost()
                    kill_at = now + arguments.kill_every * 60
                nth += 1
                load.work.put((now, nth))
                time.sleep(max(0.0, began + nth / arguments.rate - time.monotonic()) if not load.is_down.is_set() else 0)
            for _ in workers:
                load.work.put(None)
            for worker in workers:
                worker.join(120)
            lost += load.lost()
            service.child.send_signal(signal.SIGTERM)
            code = service.child.wait(60)
            verified = subprocess.run([arguments.naqsha, "--json", "--data", folder / "store", "verify"], capture_output=True).returncode
        finally:
            service.child.kill()
        panics = (folder / "service.log").read_bytes().count(b"panicked at")
    lives = [life for life in service.samples if len(life) > 12]
    longest = max(lives, key=lambda life: life[-1][0], default=[])
    open_files = [(statistics.median(n for _, _, n in life[6:12]), statistics.median(n for _, _, n in life[-6:])) for life in lives]
    found = {
        "minutes": arguments.minutes, "kills": kills, "seed": arguments.seed, "requests": nth, "statuses": load.statuses, "late": load.late,
        "acknowledged": len(load.live) + len(load.withdrawn), "lost": len(set(lost)), "errors": load.errors, "panics": panics,
        "exit": code, "verify": verified, "longest_start_s": round(max(starts), 2),
        "memory_mib": [[round(life[6][1] / 1024), round(life[-1][1] / 1024)] for life in lives],
        "memory_percent_an_hour": slope(longest) if longest else None, "open_files": open_files,
    }
    grown = any(last > first + 2 * WORKERS + 8 for first, last in open_files)
    found["met"] = not (lost or load.errors or panics or code or verified or grown)
    print(json.dumps(found, default=str))
    sys.exit(0 if found["met"] else 1)


if __name__ == "__main__":
    main()
