"""PyPI's python-socketio, blocking and on asyncio, over every way, does what clients do.

    python clients.py URL

URL is that of a server of profile `interop` (examples/reference says what it answers). The
blocking client runs in threads, so that both kinds are told what to do by the same lines.
"""

import asyncio
import inspect
import sys
import unittest
import urllib.request

import engineio
import socketio

# Watchdog only: nothing waits this long in a run that passes.
PATIENCE = 20
BOTH = ["/", "/custom"]
WHO = {"token": "ä b"}
EVENTS = ["connect", "connect_error", "disconnect", "hello", "echo", "bin", "answer"]


class Blocking(socketio.Client):
    """Takes packets one after the other. As it comes it has a thread for each, and an attachment
    may overtake the packet that announces it."""

    class Engine(engineio.Client):
        def _trigger_event(self, event, *args, **how):
            return super()._trigger_event(event, *args, **how | {"run_async": False})

    def _engineio_client_class(self):
        return self.Engine


KINDS = {"blocking": Blocking, "asyncio": socketio.AsyncClient}
WAYS = {
    "polling": ["polling"],
    "websocket": ["websocket"],
    "upgrade": ["polling", "websocket"],
}


async def run(function, *args, **named):
    """Calls a method of either kind of client."""
    if inspect.iscoroutinefunction(function):
        return await function(*args, **named)
    return await asyncio.to_thread(function, *args, **named)


class Clients:
    """The tests of one kind of client over one way; see the end of the file."""

    async def asyncSetUp(self):
        self.loop = asyncio.get_running_loop()
        self.client = self.kind(reconnection_delay=0.001, randomization_factor=0)
        self.heard = {}
        # What comes back to a question of the server's, by namespace.
        self.answers = {}

    async def asyncTearDown(self):
        await run(self.client.disconnect)

    async def connect(self, namespaces, **how):
        for namespace in namespaces:
            for event in EVENTS:
                self.client.on(event, self.hears(namespace, event), namespace=namespace)
            answer = lambda number, namespace=namespace: self.answers[namespace](number)
            self.client.on("question", answer, namespace=namespace)
        await run(
            self.client.connect,
            self.url,
            auth=WHO,
            transports=WAYS[self.way],
            namespaces=namespaces,
            **{"wait_timeout": PATIENCE} | how,
        )
        expected = "polling" if self.way == "polling" else "websocket"
        self.assertEqual(self.client.transport(), expected)

    def hears(self, namespace, event):
        queue = self.heard[namespace, event] = asyncio.Queue()

        def handler(*args):
            self.loop.call_soon_threadsafe(queue.put_nowait, args)

        return handler

    async def next(self, namespace, event):
        """The arguments of the next event of this name that was not asked for yet."""
        try:
            return await asyncio.wait_for(self.heard[namespace, event].get(), PATIENCE)
        except asyncio.TimeoutError:
            self.fail(f"no {event} in {namespace}")

    async def emit(self, namespace, event, *args):
        await run(self.client.emit, event, args, namespace=namespace)

    async def ask(self, namespace, event, *args):
        """Emits, and gives the answer: the argument, or a list of several."""
        return await run(
            self.client.call, event, args, namespace=namespace, timeout=PATIENCE
        )

    async def test_is_greeted_in_two_namespaces_with_what_it_said_of_itself(self):
        await self.connect(BOTH)
        for namespace in BOTH:
            self.assertEqual(await self.next(namespace, "hello"), ({"you": WHO},))

    async def test_gets_its_arguments_back_as_event_and_as_answer(self):
        args = ("é ☃ 😀", 1.5, None, True, ["a", {}], {"deep": {"list": [1, "x"]}}, "")
        await self.connect(BOTH)
        for namespace in BOTH:
            self.assertEqual(tuple(await self.ask(namespace, "echo", *args)), args)
            self.assertEqual(await self.next(namespace, "echo"), args)
            await self.emit(namespace, "echo")
            self.assertEqual(await self.next(namespace, "echo"), ())

    async def test_answers_a_question_of_the_servers(self):
        await self.connect(BOTH)
        for namespace in BOTH:
            self.answers[namespace] = lambda number: {"next": number + 1, "text": "ü"}
            await self.emit(namespace, "ackme")
            answer = {"next": 43, "text": "ü"}
            self.assertEqual(await self.next(namespace, "answer"), (answer,))

    async def test_sends_binary_and_gets_it_back_as_event_and_as_answer(self):
        data = bytes([0, 1, 0x1E, 0x34, 0xFE, 0xFF])
        nested = {"list": [data, {"empty": b""}], "text": "b64"}
        await self.connect(BOTH)
        for namespace in BOTH:
            self.assertEqual(await self.ask(namespace, "bin", data), data)
            self.assertEqual(await self.next(namespace, "bin"), (data,))
            self.assertEqual(await self.ask(namespace, "echo", nested), nested)
            self.answers[namespace] = lambda number: data
            await self.emit(namespace, "ackme")
            self.assertEqual(await self.next(namespace, "answer"), (data,))

    async def test_is_told_why_a_namespace_refuses_it_and_keeps_its_others(self):
        # Waiting for all of them it would give up with the first that refuses.
        await self.connect(["/", "/deny", "/nobody"], wait=False)
        self.assertEqual(
            await self.next("/deny", "connect_error"),
            ({"message": "denied", "data": {"code": 7}},),
        )
        self.assertEqual(
            await self.next("/nobody", "connect_error"),
            ({"message": "Invalid namespace"},),
        )
        await self.next("/", "hello")
        self.assertEqual(await self.ask("/", "echo", 1), 1)

    async def test_is_disconnected_from_one_namespace_and_keeps_the_other(self):
        await self.connect(BOTH)
        await self.emit("/custom", "kick")
        reason = self.client.reason.SERVER_DISCONNECT
        self.assertEqual(await self.next("/custom", "disconnect"), (reason,))
        self.assertEqual(await self.ask("/", "echo", 1), 1)

    async def test_comes_back_by_itself_after_its_connection_was_lost(self):
        await self.connect(BOTH)
        ids = [self.client.get_sid(namespace) for namespace in BOTH]
        for namespace in BOTH:
            await self.next(namespace, "hello")
        await self.lose_connection()
        for namespace, old in zip(BOTH, ids):
            await self.next(namespace, "disconnect")
            await self.next(namespace, "hello")
            self.assertNotEqual(self.client.get_sid(namespace), old)
            self.assertEqual(await self.ask(namespace, "echo", 1), 1)

    async def lose_connection(self):
        """Has the server end the session in a way that the client takes for an accident: a
        packet of no known type; or, as it takes an end that a poll tells of for wanted, a
        close that somebody else posts."""
        if self.way != "polling":
            return await run(self.client.eio.send, "7")
        session = f"{self.url}/socket.io/?EIO=4&transport=polling&sid={self.client.eio.sid}"
        await run(urllib.request.urlopen, session, data=b"1")


def load_tests(loader, tests, pattern):
    suite = unittest.TestSuite()
    for kind in KINDS:
        for way in WAYS:
            own = {"kind": KINDS[kind], "way": way}
            case = type(f"{kind} over {way}", (Clients, unittest.IsolatedAsyncioTestCase), own)
            suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


if __name__ == "__main__":
    Clients.url = sys.argv.pop()
    # Sockets that these clients leave to the garbage collector are their own affair.
    unittest.main(verbosity=2, warnings="ignore")
