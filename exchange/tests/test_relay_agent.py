"""A voice agent on ConversationRelay, as people build them, from the first word to the person who takes over."""

import asyncio

import pytest
from aiohttp import web

from ringback.testing.waiting import LIMIT_SECONDS, eventually
from support.agent_app import ANSWERS, AgentApp

GREETING = "Pizzeria Bella. What would you like?"


@pytest.fixture
def app(loop):
    agent = AgentApp()

    async def start():
        runner = web.AppRunner(agent.web, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        agent.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    runner = asyncio.run_coroutine_threadsafe(start(), loop).result(LIMIT_SECONDS)
    yield agent
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(LIMIT_SECONDS)


@pytest.fixture
def options():
    return {"pace": 1.0, "voice_status": ""}


@pytest.fixture
def caller(ada, exchange):
    ada.dials()
    ada.hears(GREETING)
    exchange.time_passes(3)
    yield ada
    assert exchange.alerts() == []


def test_a_caller_interrupts_the_menu_and_orders(caller, exchange, app):
    caller.speaks("read me the menu")
    caller.hears(GREETING, "We have three pizzas today.")
    exchange.time_passes(2)
    caller.hears(GREETING, "We have three pizzas today.", "The first is a margherita with basil.")
    exchange.time_passes(1.5)
    caller.speaks("I order that one")
    caller.hears_more_than(3)
    conversation = app.conversations[caller.sid]
    eventually(lambda: len(conversation.history) == 4)
    assert conversation.history == [
        ("caller", "read me the menu"),
        ("agent", "We have three pizzas today. The first is a"),
        ("caller", "I order that one"),
        ("agent", ANSWERS["order"]),
    ]
    assert caller.heard()[3] == "One margherita, then."


def test_a_caller_presses_zero_and_gets_a_person(caller, exchange, ben):
    caller.presses("0")
    caller.hears(GREETING, "I will connect you.")
    exchange.time_passes(2)
    ben.answers()
    ben.listens_for("talk")
    caller.hangs_up()
    ben.is_left_with("completed")
