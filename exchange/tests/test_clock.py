"""The clock can be stepped: hours pass in a moment, and everything still happens in order."""

import asyncio
import time

import pytest

from ringback.service.clock import Clock


def test_sleepers_wake_in_order_and_on_time():
    async def play():
        clock = Clock(stopped=True)
        began, woken = clock.time(), []

        async def sleeper(name, *lengths):
            for length in lengths:
                await clock.sleep(length)
                woken.append((name, round(clock.time() - began)))

        tasks = [
            asyncio.ensure_future(sleeper("long", 3600)),
            asyncio.ensure_future(sleeper("often", 1000, 1000, 2000)),
        ]
        await asyncio.sleep(0)
        await clock.forward(5000)
        await asyncio.gather(*tasks)
        assert woken == [("often", 1000), ("often", 2000), ("long", 3600), ("often", 4000)]
        assert round(clock.time() - began) == 5000

    asyncio.run(play())


def test_deadline_follows_the_clock():
    async def play():
        clock = Clock(stopped=True)

        async def wait():
            async with clock.deadline(10):
                await asyncio.Event().wait()

        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        await clock.forward(9)
        assert not task.done()
        await clock.forward(1)
        with pytest.raises(TimeoutError):
            await task

    asyncio.run(play())


def test_running_clock_advances():
    async def play():
        clock = Clock()
        before = time.monotonic()
        await clock.sleep(0.01)
        assert time.monotonic() - before >= 0.009
        assert clock.timers == set()

    asyncio.run(play())


def test_clock_can_be_stepped_through_the_api(exchange):
    before = exchange.get("/clock")["now"]
    exchange.post("/clock", {"forward": 86400})
    assert exchange.get("/clock")["now"][:10] > before[:10]
    assert exchange.refuses("/clock", {"forward": -1})[0] == 400
