"""The environment of the started app, whatever the user's own environment contains."""

import sys

import pytest

from ringback.launcher.app_environment import app_address, with_account, without_tool_path
from ringback.launcher.command_line_options import UsageError


@pytest.fixture
def told(outcome):
    """The app's environment, if the user's environment has these variables."""

    def asking(**given):
        status, printed = outcome("/usr/bin/env", **given)
        assert status == 0
        return dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)

    return asking


def test_account_from_the_environment_is_kept(told):
    own = {
        "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
        "TWILIO_AUTH_TOKEN": "its own",
        "TWILIO_PHONE_NUMBER": "+441632960999",
    }
    found = told(**own)
    assert {name: found[name] for name in own} == own


def test_account_is_generated_if_there_is_none():
    found = with_account({"TWILIO_ACCOUNT_SID": "", "TWILIO_AUTH_TOKEN": "its own"})
    assert found["TWILIO_ACCOUNT_SID"].startswith("AC")
    assert found["TWILIO_AUTH_TOKEN"] == "its own"
    assert found["TWILIO_PHONE_NUMBER"] == "+441632960000"
    assert with_account({})["TWILIO_AUTH_TOKEN"] != with_account({})["TWILIO_AUTH_TOKEN"]


TOOL = "/cache/tool"


@pytest.mark.parametrize(
    ("own", "path"),
    [
        ({"UV": "/usr/bin/uv"}, "/project/bin:/usr/bin"),
        ({"UV": "/usr/bin/uv", "VIRTUAL_ENV": "/project"}, "/project/bin:/usr/bin"),
        ({"UV": "/usr/bin/uv", "VIRTUAL_ENV": TOOL}, f"{TOOL}/bin:/project/bin:/usr/bin"),
        ({}, f"{TOOL}/bin:/project/bin:/usr/bin"),
    ],
    ids=["uvx", "uvx in an activated environment", "uv run", "no uv"],
)
def test_command_does_not_get_the_python_of_uvx(own, path):
    given = own | {"PATH": f"{TOOL}/bin:/project/bin:/usr/bin"}
    assert without_tool_path(given, TOOL)["PATH"] == path


LOOK = """
import base64, os, urllib.request
own, told = os.environ["TWIML_APPLICATION_SID"], os.environ
login = base64.b64encode(f"{told['TWILIO_ACCOUNT_SID']}:{told['TWILIO_AUTH_TOKEN']}".encode()).decode()
address = f"{told['TWILIO_API_URL']}/2010-04-01/Accounts/{told['TWILIO_ACCOUNT_SID']}/Applications/{own}.json"
print(urllib.request.urlopen(urllib.request.Request(address, headers={"Authorization": f"Basic {login}"})).read())
"""


@pytest.mark.parametrize("own", [{}, {"TWIML_APP_SID": "AP" + "7" * 32}], ids=["made up", "its own"])
def test_bought_numbers_can_share_the_webhook_urls(outcome, own):
    status, printed = outcome(sys.executable, "-c", LOOK, options=("--voice=/calls", "--sms=/texts"), **own)
    assert status == 0, printed
    assert '/calls", ' in printed and '/texts"' in printed
    assert own.get("TWIML_APP_SID", "AP") in printed


def test_proxy_variables_cannot_bypass_the_exchange(told):
    found = told(
        NO_PROXY="*",
        no_proxy=".twilio.com",
        npm_config_no_proxy=".twilio.com",
        HTTPS_PROXY="http://proxy.example:3128",
        npm_config_https_proxy="http://proxy.example:3128",
        ALL_PROXY="socks5://proxy.example:1080",
        TWILIO_REGION="ie1",
        TWILIO_EDGE="dublin",
    )
    assert "proxy.example" not in " ".join(found.values())
    assert found["HTTPS_PROXY"].startswith("http://127.0.0.1:")
    assert "*" not in found["NO_PROXY"] + found["no_proxy"]
    assert "twilio" not in found["NO_PROXY"] + found["no_proxy"]
    assert "npm_config_no_proxy" not in found
    assert not {"TWILIO_REGION", "TWILIO_EDGE"} & found.keys()


def test_local_servers_remain_reachable(told):
    assert {"127.0.0.1", "localhost", "::1"} <= set(told()["NO_PROXY"].split(","))


SHOW_TRUST = """
import os
print(open(os.environ["SSL_CERT_FILE"]).read())
"""


def test_certificate_authorities_of_the_user_remain_trusted(outcome, tmp_path):
    own = tmp_path / "own.pem"
    own.write_text("-----an authority of the user's-----\n")
    status, printed = outcome(sys.executable, "-c", SHOW_TRUST, SSL_CERT_FILE=str(own))
    assert status == 0
    assert "-----an authority of the user's-----\n" in printed
    assert printed.count("BEGIN CERTIFICATE") > 50


OWN_LIST = """
import certifi, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(certifi.where())
names = [dict(part[0] for part in one["subject"]).get("organizationName") for one in context.get_ca_certs()]
print("The local exchange" in names)
"""


def test_client_with_its_own_authorities_trusts_ours_too(outcome):
    assert outcome(sys.executable, "-c", OWN_LIST) == (0, "True\n")


def test_options_for_python_and_node_are_kept(told):
    found = told(NODE_OPTIONS="--no-warnings", PYTHONPATH="/of/the/app")
    assert found["NODE_OPTIONS"].startswith("--no-warnings --require ")
    assert found["PYTHONPATH"].endswith(":/of/the/app")


def test_app_gets_its_port(told):
    found = told(options=("--app=http://localhost:5999",))
    assert (found["PORT"], found["FLASK_RUN_PORT"]) == ("5999", "5999")
    assert found["PUBLIC_URL"] == "http://localhost:5999"


def test_app_behind_a_tunnel_keeps_its_port(told):
    found = told(options=("--app=https://tunnel.invalid",), PORT="5999")
    assert (found["PORT"], found["PUBLIC_URL"]) == ("5999", "https://tunnel.invalid")


@pytest.mark.parametrize(
    ("said", "environment", "where"),
    [
        ("http://localhost:1234", {"PORT": "5999"}, "http://localhost:1234"),
        (None, {"PORT": "5999", "PUBLIC_URL": "http://127.0.0.1:8000"}, "http://127.0.0.1:5999"),
        (None, {"PUBLIC_URL": "http://127.0.0.1:8000"}, "http://127.0.0.1:8000"),
        (None, {"PUBLIC_URL": "https://talk.example"}, "http://127.0.0.1:5000"),
        (None, {}, "http://127.0.0.1:5000"),
    ],
)
def test_address_of_the_app(said, environment, where):
    assert app_address(said, environment) == where


@pytest.mark.parametrize(
    ("said", "environment", "words"),
    [
        (None, {"PORT": "five"}, "PORT must be a number from 1 to 65535, not 'five'"),
        (None, {"PORT": "0"}, "PORT must be a number from 1 to 65535, not '0'"),
        ("localhost:5000", {}, "not 'localhost:5000'"),
        ("http://localhost:99999", {}, "not 'http://localhost:99999'"),
        ("http://[", {}, "not 'http://['"),
    ],
)
def test_invalid_app_url_is_reported(said, environment, words):
    with pytest.raises(UsageError, match=words.replace("[", r"\[")):
        app_address(said, environment)


LOOK_UP = """
import _socket, os, socket
for look_up in (socket.getaddrinfo, _socket.getaddrinfo):  # gevent takes the second one in the first one's place
    for name in ("api.twilio.com", b"API.Twilio.com.", "verify.ie1.twilio.com"):
        assert look_up(name, 443)[0][4] == ("127.0.0.1", int(os.environ["EXCHANGE_TLS_PORT"]))
assert socket.gethostbyname("127.0.0.1") == "127.0.0.1"
for look_up in (lambda name: socket.getaddrinfo(name, 80), socket.gethostbyname, socket.gethostbyname_ex):
    try:
        look_up("demo.twilio.com")
    except socket.gaierror as refusal:
        print(refusal.strerror)
"""


def test_host_names_of_twilio_reach_only_the_exchange(outcome):
    status, printed = outcome(sys.executable, "-c", LOOK_UP)
    assert (status, printed) == (0, 3 * "The local exchange blocks requests to demo.twilio.com\n")
