#!/usr/bin/env python3
"""A Martlet agent, by docs/agent-protocol.md. Usage: agent.py KIND AGENT-ID SLOTS BROKERS INSTALLATION-ID"""
import functools, json, os, re, secrets, shlex, signal, subprocess, sys, tempfile, threading, time, types
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

kind, agent, slots, brokers, installation = sys.argv[1:]
instance, attempts = secrets.token_hex(8), {}  # by fence
uptime = functools.partial(time.clock_gettime, time.CLOCK_BOOTTIME)  # goes on while the machine sleeps
me = types.SimpleNamespace(slots=int(slots), sequence=0, due=0, heard=uptime(), leave_by=float("inf"))

def send(topic, key, message, **value):
    """Returns a future that is done when Kafka has acknowledged the message, however long an outage takes."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    headers = {"specversion": "1.0", "id": secrets.token_hex(8), "source": f"/agents/{agent}", "time": now,
               "type": f"dev.martlet.agent.{message}.v1", "installation": installation}
    body = json.dumps({"agent": agent, "instance": instance, "time": now} | value).encode()
    return producer.send(topic, body, key.encode(), [(f"ce_{k}", v.encode()) for k, v in headers.items()])

def say(attempt):
    """Says the latest about an attempt, perhaps once more."""
    return send("agent.results", key=attempt.name["fence"].split("/")[0], **attempt.name, **attempt.news)

def announce(leaving=0):
    made, me.due, me.sequence = uptime(), uptime() + 3, me.sequence + 1
    send("agent.presence", agent, "presence", sequence=me.sequence, kinds=[kind], slots=me.slots,
         held=[attempt.name for attempt in attempts.values() if attempt.held], inboxPartition=0, version="1",
         draining=int(not me.slots), leaving=leaving).add_callback(lambda _: setattr(me, "heard", made))

def told(message, fence=None, digest=None, work=None, reason=None, graceSeconds=10, **_):
    known, name = attempts.get(fence), {"fence": fence, "digest": digest}
    busy = sum(attempt.news["message"] == "claimed" for attempt in attempts.values())
    match message.removeprefix("dev.martlet.agent.").removesuffix(".v1"):
        case "assign" if known and known.name == name: say(known)  # and it isn't started again
        case "assign" if known: begin(name, work, "it has had another assignment with this fence")
        case "assign" if busy >= me.slots: begin(name, work, f"{busy} of {me.slots} slots are taken")
        case "assign" if {"secrets", "credentials", "source"} & {*work}: begin(name, work, "no git or secret")
        case "assign": begin(name, work)
        case "stop" if not known: begin(name, work, "it was stopped before")
        case "stop" if known.name == name: known.stop = known.stop or ("Cancelled", reason, graceSeconds)
        case "drain": me.slots = me.due = 0
        case "report":
            announce()
            for attempt in [one for one in attempts.values() if one.held or one.ended_at > uptime() - 600]:
                say(attempt)

def begin(name, work, refusal=None):
    attempt = types.SimpleNamespace(name=name, work=work, held=not refusal, ended_at=0, stop=None)
    attempt.news = {"message": "declined", "reason": refusal} if refusal else {"message": "claimed"}
    attempts.setdefault(name["fence"], attempt)
    threading.Thread(target=live, args=[attempt], daemon=True).start()

def live(attempt):
    say(attempt).get()  # nothing is started before its claim is acknowledged
    if attempt.held:
        try:  # 15 s after the last presence the stage is somebody else's
            outcome = {"result": "Cancelled"} if attempt.stop or uptime() > me.heard + 15 else run(attempt)
        except Exception as error:
            outcome = {"result": "Failed", "reason": "AgentTrouble", "message": repr(error)[:1000]}
        attempt.news = {"message": "finished", "outcome": outcome}  # its slot is free before others know
        say(attempt).get()
        attempt.held, attempt.ended_at = False, uptime()

def run(attempt):
    """Returns the outcome when all processes of the script's session are gone."""
    with (tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, tempfile.TemporaryFile() as output,
          open(f"{home}/script", "w") as script, open(f"{home}/results", "w+") as results):
        print(attempt.work["script"], file=script, flush=True)
        shebang = re.match("#!(.*)", attempt.work["script"])
        command = [*(shlex.split(shebang[1]) if shebang else ["bash", "-eo", "pipefail"]), script.name]
        env = {"PATH": os.environ["PATH"], "HOME": home, "MARTLET_WORKSPACE": home} | {
            variable["name"]: variable["value"] for variable in attempt.work.get("env", [])} | {
            "MARTLET_RESULTS": results.name, "MARTLET_FENCE": attempt.name["fence"]}
        process = subprocess.Popen(  # setpriv: the shell is killed when the agent is
            ["setpriv", "--pdeathsig", "KILL", *command], cwd=home, env=env, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        deadline, stop, sent = uptime() + attempt.work.get("timeoutSeconds", 3600), None, None
        number = offset = last = 0
        while not last:
            over = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if over or stop and uptime() > kill_at:
                os.killpg(process.pid, signal.SIGKILL)  # also what an ended script has left behind
            elif not stop and (attempt.stop or uptime() > min(deadline, me.leave_by, me.heard + 120)):
                stop = attempt.stop or ("TimedOut" if uptime() > deadline else "Cancelled", "time was up", 10)
                kill_at = uptime() + stop[2]
                os.killpg(process.pid, signal.SIGTERM)
            data = os.pread(output.fileno(), 16384, offset)
            lines = data[:data.rfind(b"\n") + 1] or (data if over or len(data) == 16384 else b"")
            if (lines or over) and (not sent or sent.is_done):  # one chunk after the other
                sent = send("agent.logs", attempt.name["fence"], "log", **attempt.name, number=number,
                            text=lines.decode(errors="replace").replace("\0", " "), last=int(not lines))
                number, offset, last = number + 1, offset + len(lines), not lines
            time.sleep(0.02)
        code = max(process.wait(), -1)
        found = dict(re.findall(r"(?m)^([A-Za-z_][A-Za-z0-9_-]{0,62})=([^\0\n]{0,1024})$", results.read()))
        return {"result": stop[0] if stop else "Failed" if code else "Succeeded", "message": stop and stop[1],
                "exitCode": code, "results": [{"name": k, "value": v} for k, v in found.items()][:64]}

producer = KafkaProducer(bootstrap_servers=brokers, enable_idempotence=True, delivery_timeout_ms=10**9)
consumer = KafkaConsumer(bootstrap_servers=brokers, fetch_max_wait_ms=20, consumer_timeout_ms=100)
inbox = TopicPartition(f"agent.{kind}", 0)
consumer.assign([inbox])
consumer.seek(inbox, consumer.end_offsets([inbox])[inbox])  # known before the first presence is sent
signal.signal(signal.SIGTERM, lambda *_: vars(me).update(slots=0, due=0, leave_by=uptime() + 30))
while me.leave_by == float("inf") or any(attempt.held for attempt in attempts.values()):
    if uptime() >= me.due:
        announce()
    if uptime() > me.heard + 135:  # what ran is ended by now
        sys.exit("Kafka can't be reached, or has another address")
    try:
        record = next(consumer, None)
        headers = dict(record.headers) if record else {}
        if headers.get("ce_installation") == installation.encode():
            value = json.loads(record.value)
            if value.get("instance") in (None, instance):
                told(headers["ce_type"].decode(), **value)
    except Exception as error:
        print(f"a message was left out: {error!r}", flush=True)
announce(leaving=1)
producer.close(timeout=5)
