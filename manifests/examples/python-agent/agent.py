#!/usr/bin/env python3
"""A Martlet agent in Python: docs/agent-protocol.md as a program. How to use it is in README.md."""

import argparse, asyncio, os, signal, socket
from itertools import count

from kafka.errors import KafkaError

from attempt import Attempt, uptime
from wire import Wire


class Agent:
    def __init__(self, options):
        self.id, self.kind, self.slots, self.grace = options.agent_id, options.kind, options.slots, options.grace
        self.wire = Wire(self.id, self.kind, options.state, options.kafka, options.installation)
        self.attempts = {}  # by fence
        self.refused = {}  # fences that were stopped, and until when they aren't taken
        self.sequence, self.due, self.heard, self.draining, self.leaving = count(1), 0, uptime(), False, False

    def having(self, *states):
        return [attempt for attempt in self.attempts.values() if attempt.state in states]

    # What it says.

    def announce(self, leaving=0):
        made, held = uptime(), self.having("claiming", "running", "finishing")
        self.due = made + 3
        presence = {
            "agent": self.id, "instance": self.wire.instance, "sequence": next(self.sequence), "kinds": [self.kind],
            "slots": 0 if self.draining else self.slots, "inboxPartition": self.wire.partition,
            "held": [{"fence": attempt.fence, "digest": attempt.digest} for attempt in held],
            "draining": int(self.draining), "leaving": leaving, "version": "python-agent"}
        acknowledged = self.wire.send("agent.presence", "presence", self.id, presence)
        acknowledged.add_callback(lambda _: setattr(self, "heard", made))

    def report(self, attempt, message, **members):
        """What the wire needs to know to say something of an attempt."""
        about = {"fence": attempt.fence, "agent": self.id, "instance": self.wire.instance, "digest": attempt.digest}
        return "agent.results", message, attempt.fence.split("/")[0], about | members

    def repeat(self, attempt):
        """Says how it stands with an attempt."""
        match attempt.state:
            case "declined": self.wire.send(*self.report(attempt, "declined", reason=attempt.reason))
            case "running": self.wire.send(*self.report(attempt, "claimed", time=attempt.claimed_at))
            case "ended": self.wire.send(*self.report(attempt, "finished", outcome=attempt.outcome))

    def say_everything(self):
        self.announce()
        for attempt in self.having("running", "ended"):
            if attempt.state == "running" or attempt.ended_at > uptime() - 600:
                self.repeat(attempt)

    # What it is told.

    def told(self, message, value):
        match message:
            case "dev.martlet.agent.assign.v1": self.assigned(**value)
            case "dev.martlet.agent.stop.v1": self.stopped(**value)
            case "dev.martlet.agent.drain.v1": self.draining = True
            case "dev.martlet.agent.report.v1": self.say_everything()

    def assigned(self, fence, digest, work, **_):
        known = self.attempts.get(fence)
        if known:
            self.repeat(known)
            if known.digest == digest:
                return
        reasons = {
            "the agent has had another assignment with this fence": known,
            "it was stopped before": self.refused.get(fence, 0) > uptime(),
            "the agent is draining": self.draining,
            f"this agent only runs scripts for `{self.kind}`": work["kind"] != self.kind or "script" not in work,
            "this agent has no secrets": work.get("secrets") or work.get("credentials"),
            f"all {self.slots} slots are taken": len(self.having("claiming", "running")) >= self.slots}
        new = Attempt(fence, digest, work)
        self.attempts.setdefault(fence, new)
        if reason := next((reason for reason, holds in reasons.items() if holds), None):
            self.decline(new, reason)
        else:
            new.task = asyncio.create_task(self.live(new))
        for old in self.having("ended", "declined")[:-10_000]:
            del self.attempts[old.fence]

    def decline(self, attempt, reason):
        attempt.state, attempt.reason = "declined", reason
        self.repeat(attempt)

    def stopped(self, fence, digest, reason, graceSeconds=10, **_):
        attempt = self.attempts.get(fence)
        if attempt and attempt.digest != digest:
            return  # not about the one that is held
        self.refused = {fence: until for fence, until in self.refused.items() if until > uptime()}
        if attempt:
            attempt.stop(reason, graceSeconds)
        elif fence not in self.refused:
            self.decline(Attempt(fence, digest, None), "it was stopped before it came")
        self.refused[fence] = uptime() + 600

    # What it does.

    async def live(self, attempt):
        """The life of an attempt, from its claim to the acknowledgement of `finished`."""
        await self.wire.deliver(*self.report(attempt, "claimed", time=attempt.claimed_at))
        if uptime() - self.heard > 15:
            return self.decline(attempt, "the agent was out of reach for longer than a lease")
        attempt.state = "running"
        logged = {"fence": attempt.fence, "instance": self.wire.instance}
        attempt.outcome = await attempt.run(
            lambda chunk: self.wire.deliver("agent.logs", "log", attempt.fence, logged | chunk))
        attempt.state = "finishing"  # the slot is free before anybody can know of it
        await self.wire.deliver(*self.report(attempt, "finished", outcome=attempt.outcome))
        attempt.state, attempt.ended_at = "ended", uptime()

    def end_all(self, reason, grace):
        for attempt in self.having("claiming", "running"):
            attempt.stop(reason, grace)

    def leave(self):
        self.leaving = self.draining = True
        self.due = 0  # a presence says so at once
        asyncio.get_running_loop().call_later(self.grace, self.end_all, "the agent was shut down", 10)

    async def serve(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.leave)
        while not self.leaving or self.having("claiming", "running", "finishing"):
            try:
                await self.step()
            except KafkaError as error:
                print(f"Kafka can't be reached: {error!r}", flush=True)
                await asyncio.sleep(1)
        if self.wire.address:
            self.announce(leaving=1)
            self.wire.producer.close(timeout=5)

    async def step(self):
        if await asyncio.to_thread(self.wire.connect):
            self.say_everything()
        if not self.wire.address:
            return await asyncio.sleep(1)  # there is no broker yet
        if uptime() >= self.due:
            self.announce()
        if uptime() - self.heard > 120:  # others have taken over by now
            self.end_all("the agent could not reach Kafka for 120 s", grace=0)
        for record in await self.wire.records():
            try:
                self.told(*self.wire.read(record))
            except (KafkaError, AttributeError, KeyError, TypeError, ValueError) as error:
                print(f"a message was left out: {error!r}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Runs the scripts of stages of one kind.")
    parser.add_argument("--kind", required=True)
    parser.add_argument("--slots", type=int, default=os.cpu_count())
    parser.add_argument("--agent-id", default=f"{socket.gethostname()}-python")
    parser.add_argument("--state", default=".martlet", help="the state folder of a controller on this machine")
    parser.add_argument("--kafka", help="brokers, where they aren't the embedded one that the state folder names")
    parser.add_argument("--installation", help="the controller's installation id, where there is no state folder")
    parser.add_argument("--grace", type=int, default=30, help="for how many seconds stages may go on after a SIGTERM")
    asyncio.run(Agent(parser.parse_args()).serve())
