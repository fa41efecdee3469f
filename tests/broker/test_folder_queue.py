"""The folder that is the queue: messages are whole, are in one worker's hand at a time, and outlive that worker."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from queue import Empty

import pytest
from kombu import Connection, Exchange

from ltr_plugin.broker.messages import broker_folder, broker_options
from ltr_plugin.settings import Settings

NAME = "ltr.image"


@pytest.fixture
def settings(tmp_path):
    return Settings(runs=tmp_path / "runs")


@pytest.fixture
def folder(settings):
    return broker_folder(settings) / "queue"


def connected(settings):
    options = broker_options(settings)
    return Connection(
        options["broker_url"],
        transport=options["broker_transport"],
        transport_options=options["broker_transport_options"],
    )


@pytest.fixture
def queue(settings):
    """A worker's end of the queue, each call another worker's."""
    made = []

    def open_one(name=NAME):
        connection = connected(settings)
        made.append(connection)
        return connection.SimpleQueue(name)

    yield open_one
    for connection in made:
        connection.release()


def taken(queue):
    """All that waits, acknowledged."""
    found = []
    while True:
        try:
            message = queue.get(block=False)
        except Empty:
            return found
        found.append(message.payload)
        message.ack()


def put(settings, writer, count):
    with connected(settings) as connection:
        queue = connection.SimpleQueue(NAME)
        for number in range(count):
            queue.put([writer, number, "x" * 100_000])


def test_messages_come_in_the_order_they_were_sent_in(queue):
    one, other = queue(), queue()
    for number in range(12):
        (one, other)[number % 2].put(number)
    assert taken(queue()) == list(range(12))


def test_queues_are_apart_even_where_one_name_begins_another(queue):
    queue("ltr").put("for any")
    queue(NAME).put("for photos")
    assert taken(queue("ltr")) == ["for any"]
    assert taken(queue(NAME)) == ["for photos"]


def test_large_messages_of_many_writers_arrive_whole_and_once(settings, queue):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=put, args=(settings, writer, 40)) for writer in range(3)]
    for writer in writers:
        writer.start()
    readers, found = (queue(), queue()), []
    while len(found) < 120:
        alive = any(writer.is_alive() for writer in writers)
        got = [message for reader in readers for message in taken(reader)]
        assert got or alive, f"{120 - len(found)} lost"
        found += got
    assert sorted((writer, number) for writer, number, _ in found) == [(w, n) for w in range(3) for n in range(40)]
    assert {len(text) for *_, text in found} == {100_000}


def test_a_message_in_hand_is_not_given_to_another(queue):
    one, other = queue(), queue()
    one.put("first")
    one.put("second")
    first = one.get(block=False)
    assert first.payload == "first"
    assert other.get(block=False).payload == "second"
    with pytest.raises(Empty):
        other.get(block=False)
    assert len(one) == 2  # both are to be done still
    first.ack()
    assert len(one) == 1


def test_what_a_killed_worker_had_in_hand_is_the_next_ones(settings, queue, folder):
    script = (
        "import sys, time, pathlib\n"
        "from ltr_plugin.settings import Settings\n"
        "from tests.broker.test_folder_queue import NAME, connected\n"
        "queue = connected(Settings(runs=pathlib.Path(sys.argv[1]))).SimpleQueue(NAME)\n"
        "print(queue.get(block=False).payload, flush=True)\n"
        "time.sleep(60)\n"
    )
    queue().put("a task")
    worker = subprocess.Popen([sys.executable, "-c", script, str(settings.runs)], stdout=subprocess.PIPE, text=True)
    try:
        assert worker.stdout.readline() == "a task\n"
        assert taken(queue()) == []
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
    assert taken(queue()) == ["a task"]
    assert not list(folder.iterdir())


def test_a_worker_that_stops_leaves_its_messages_where_they_were(queue):
    one = queue()
    for number in range(3):
        one.put(number)
    one.get(block=False)
    one.channel.connection.client.release()
    assert taken(queue()) == [0, 1, 2]


def test_a_message_is_rejected_for_good_or_handed_back(queue):
    one = queue()
    for number in range(3):
        one.put(number)
    one.get(block=False).reject()
    one.get(block=False).requeue()
    assert taken(queue()) == [1, 2]


NO_MESSAGES = [
    '{"body": "cut o', "[]", "3", '{"properties": {}}', "\x00\x00", "", "[" * 100_000,
    '{"properties": {"delivery_tag": []}}',
    '{"body": "a", "properties": {"delivery_tag": "a", "body_encoding": "base64"}}',
    '{"body": "a", "properties": {"delivery_tag": "a", "body_encoding": "rot13"}}',
]  # fmt: skip


@pytest.mark.parametrize("said", NO_MESSAGES)
def test_a_file_that_is_no_message_is_put_aside_and_the_others_go_on(queue, folder, caplog, said):
    one = queue()
    (folder / f"0_broken.{NAME}.msg").write_text(said)
    os.utime(folder / f"0_broken.{NAME}.msg", (1, 1))
    one.put("good")
    assert taken(one) == ["good"]
    assert [path.name for path in folder.iterdir()] == [f"0_broken.{NAME}.msg.unreadable"]
    assert f"0_broken.{NAME}.msg" in caplog.text


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/etc/hostname")])
def test_what_is_no_file_is_put_aside_and_the_others_go_on(queue, folder, make):
    one = queue()
    make(folder / f"0_odd.{NAME}.msg")
    one.put("good")
    assert taken(one) == ["good"]
    assert [path.name for path in folder.iterdir()] == [f"0_odd.{NAME}.msg.unreadable"]


def test_events_and_remote_control_leave_no_files(settings, folder):
    with connected(settings) as connection:
        producer = connection.Producer()
        for exchange, kind in (("celeryev", "topic"), ("celery.pidbox", "fanout"), ("reply.celery.pidbox", "direct")):
            producer.publish({}, exchange=Exchange(exchange, kind), routing_key="worker.heartbeat")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("part", [0, 40, -1])
def test_a_message_that_another_program_is_still_writing_is_waited_for(queue, folder, part):
    one = queue()
    one.put("sent by another program")
    (path,) = folder.iterdir()
    said = path.read_bytes()
    path.write_bytes(said[:part])
    assert taken(one) == []
    path.write_bytes(said)
    assert taken(one) == ["sent by another program"]


def test_a_message_is_json_that_other_programs_can_read(queue, folder):
    queue().put({"ids": ["Käse"]})
    (path,) = folder.iterdir()
    assert json.loads(path.read_text("utf-8"))["content-type"] == "application/json"
    assert path.stat().st_nlink == 1
