"""What this agent does with a stage: it runs the script in a folder and a session of its own."""

import asyncio, os, re, signal, tempfile, time
from itertools import count
from pathlib import Path

from wire import now

CHECKOUT = 'git clone -q -- "$1" . && git checkout -q --detach "$2" && shift 2 && exec "$@"'
RESULT = re.compile(r"^([A-Za-z_][A-Za-z0-9_-]{0,62})=([^\0\n]{0,1000})$", re.MULTILINE)


def uptime():
    return time.clock_gettime(time.CLOCK_BOOTTIME)  # goes on while the machine sleeps


class Attempt:
    """`state` is declined, or claiming → running → finishing → ended."""

    def __init__(self, fence, digest, work):
        self.fence, self.digest, self.work = fence, digest, work
        self.state, self.claimed_at, self.ended_at = "claiming", now(), None
        self.outcome = self.reason = None  # the reason why it was declined or stopped
        self.stopping, self.grace, self.last_line = asyncio.Event(), 10, ""

    def stop(self, reason, grace):
        if not self.stopping.is_set():
            self.reason, self.grace = reason, grace
            self.stopping.set()

    async def run(self, log):
        """Returns the outcome when the work's processes are gone. `log` takes each chunk of output."""
        outcome = {"result": "Cancelled"}
        try:
            if not self.stopping.is_set():
                with tempfile.TemporaryDirectory(prefix="martlet-", ignore_cleanup_errors=True) as folder:
                    outcome = await self.run_script(Path(folder), log)
        except Exception as error:
            outcome = {"result": "Failed", "reason": "AgentTrouble", "message": str(error)[:1000]}
        if outcome["result"] == "Cancelled":
            outcome["message"] = self.reason
        return outcome | {"startTime": self.claimed_at, "completionTime": now()}

    async def run_script(self, folder, log):
        script, results, workspace = folder / "script", folder / "results", folder / "workspace"
        script.write_text(self.work["script"])
        script.chmod(0o700)
        results.touch()
        workspace.mkdir()
        command = [script] if self.work["script"].startswith("#!") else ["bash", "-eo", "pipefail", script]
        if source := self.work.get("source"):
            command = ["bash", "-c", CHECKOUT, "checkout", source["url"], source["revision"], *command]
        env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "CI": "true",
               "MARTLET_WORKSPACE": str(workspace), "MARTLET_RESULTS": str(results),
               **{variable["name"]: variable["value"] for variable in self.work.get("env", [])},
               "MARTLET_FENCE": self.fence}
        # A pipe of our own: asyncio's `wait` would wait for whoever still holds one of its pipes.
        read_end, write_end = os.pipe()
        stream = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(read_end, "rb"))
        # setpriv: the shell ends with this agent, however that ends. A session: one signal reaches all that it starts.
        process = await asyncio.create_subprocess_exec(
            "setpriv", "--pdeathsig", "KILL", *command, cwd=workspace, env=env, start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL, stdout=write_end, stderr=write_end)
        os.close(write_end)
        output = asyncio.create_task(self.forward(stream, log))
        ended, stopping = asyncio.create_task(process.wait()), asyncio.create_task(self.stopping.wait())
        await asyncio.wait([ended, stopping], timeout=self.work.get("timeoutSeconds", 3600),
                           return_when=asyncio.FIRST_COMPLETED)
        result = None if ended.done() else "Cancelled" if stopping.done() else "TimedOut"
        if result:
            os.killpg(process.pid, signal.SIGTERM)
            await asyncio.wait([ended], timeout=self.grace)
        try:
            os.killpg(process.pid, signal.SIGKILL)  # what is left, and what the script has left behind
        except ProcessLookupError:
            pass
        code = await ended
        stopping.cancel()
        await asyncio.wait([output], timeout=5)
        transport.close()
        values = dict(RESULT.findall(results.read_text(errors="replace")))
        return {"result": result or ("Failed" if code else "Succeeded"), "exitCode": max(code, -1),
                "results": [{"name": name, "value": value} for name, value in values.items()][:16],
                **({"message": self.last_line} if code and self.last_line else {})}

    async def forward(self, pipe, log):
        """Passes output on as numbered chunks of whole lines."""
        number, rest, data = count(), b"", True
        while data:
            data = await pipe.read(16384)
            lines, newline, rest = (rest + data).rpartition(b"\n")
            if rest and (len(rest) > 4096 or not data):
                lines, newline, rest = lines + newline + rest, b"\n", b""
            text = (lines + newline).decode(errors="replace").replace("\0", "\ufffd")
            self.last_line = (text.strip().rpartition("\n")[2] or self.last_line)[-500:]
            if text or not data:
                await log({"number": next(number), "time": now(), "text": text, "last": int(not data)})
