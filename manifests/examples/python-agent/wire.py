"""An agent's way to its controller: one partition to read, three topics to write, CloudEvents in binary mode."""

import asyncio, json, secrets, threading, zlib
from datetime import datetime, timezone
from itertools import count
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

TOPICS = "agent.results", "agent.presence", "agent.logs"


def now():
    return datetime.now(timezone.utc).isoformat()


class Wire:
    def __init__(self, agent_id, kind, state, kafka, installation):
        self.agent_id, self.instance, self.numbers = agent_id, secrets.token_hex(8), count(1)
        self.inbox, self.kafka, self.broker_file = f"agent.{kind}", kafka, Path(state, "broker.json")
        self.installation = installation or Path(state, "installation-id").read_text().strip()
        self.address = self.producer = self.consumer = None

    def brokers(self):
        """Where Kafka is. An embedded broker has another address after every start of its controller."""
        try:
            return self.kafka or json.loads(self.broker_file.read_text())["address"]
        except FileNotFoundError:
            return self.address

    def connect(self):
        """Connects if the brokers have changed, and reads the inbox from an end that it knows before the next presence.

        Says whether it did: then everything has to be said again."""
        address = self.brokers()
        if address is None or address == self.address:
            return False
        producer = KafkaProducer(bootstrap_servers=address, enable_idempotence=True, acks="all",
                                 delivery_timeout_ms=10_000, request_timeout_ms=5_000, max_block_ms=5_000)
        # The embedded broker doesn't wake a fetch that waits.
        consumer = KafkaConsumer(bootstrap_servers=address, fetch_max_wait_ms=500 if self.kafka else 20)
        # Topics that the producer knows don't make `send` wait.
        counts = {topic: len(producer.partitions_for(topic)) for topic in (self.inbox, *TOPICS)}
        inbox = TopicPartition(self.inbox, zlib.crc32(self.agent_id.encode()) % counts[self.inbox])
        consumer.assign([inbox])
        consumer.seek(inbox, consumer.end_offsets([inbox])[inbox])
        if self.producer:
            # In the background: what waits there fails in its time, and is sent to the new brokers.
            threading.Thread(target=self.producer.close, args=[15]).start()
            self.consumer.close()
        self.producer, self.consumer, self.partition, self.address = producer, consumer, inbox.partition, address
        return True

    def send(self, topic, message, key, value):
        """Hands a message to Kafka, which may lose it; returns a future of the acknowledgement."""
        attributes = {
            "specversion": "1.0", "id": f"{self.instance}-{next(self.numbers)}", "source": f"/agents/{self.agent_id}",
            "type": f"dev.martlet.agent.{message}.v1", "time": now(), "installation": self.installation}
        headers = [(f"ce_{name}", text.encode()) for name, text in attributes.items()]
        return self.producer.send(topic, json.dumps(value).encode(), key.encode(), headers)

    async def deliver(self, *message):
        """Sends a message until Kafka has acknowledged it, through outages and to new brokers."""
        while True:
            try:
                return await asyncio.to_thread(lambda: self.send(*message).get())
            except KafkaError as error:
                print(f"{message[1]} has to be sent again: {error!r}", flush=True)
                await asyncio.sleep(1)

    async def records(self):
        return sum((await asyncio.to_thread(self.consumer.poll, 100)).values(), [])

    def read(self, record):
        """A message's type and value; nothing where it isn't for this instance."""
        headers = dict(record.headers)
        if headers.get("ce_installation") != self.installation.encode():
            return None, {}
        value = json.loads(record.value)
        is_ours = value.get("instance", self.instance) == self.instance
        return (headers["ce_type"].decode(), value) if is_ours else (None, {})
