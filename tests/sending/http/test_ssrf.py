"""Which addresses and URLs the HTTP client accepts."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ssrfguard import DEFAULT_DENIED

from sending.http import ssrf, urls
from sending.http.errors import RequestFailed

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "2a00:1450:4001::200e"]
# fmt: off
FORBIDDEN = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.9", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1",
    "2001:10::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1",
    "ff02::1",
]
# fmt: on
# ssrfguard 0.4.1 lets these through: Azure's wire server, an anycast of the protocols, a dead form of a live address.
STRICTER = {"168.63.129.16", "192.0.0.9", "::8.8.8.8"}


def test_public_addresses():
    assert [address for address in PUBLIC if not ssrf.is_public(address)] == []


def test_private_and_special_addresses():
    assert [address for address in FORBIDDEN if ssrf.is_public(address)] == []


def test_ssrfguard_agrees_except_where_we_are_stricter():
    assert [
        address
        for address in PUBLIC + FORBIDDEN
        if ssrf.is_public(address) != (another_allows(address) and address not in STRICTER)
    ] == []


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_every_public_address_is_public_for_ssrfguard(address):
    assert not ssrf.is_public(str(address)) or another_allows(str(address))


def test_allow_loopback_allows_no_other_private_address():
    private = [address for address in FORBIDDEN if not ssrf.is_loopback(address)]
    allowed = []
    for address in private:
        try:
            allowed.append(where("somewhere.test", address, allow_loopback=True))
        except RequestFailed as refusal:
            assert "not have a public address" in str(refusal)
    assert private and allowed == []


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_loopback_must_be_allowed(address):
    assert where("demo.test", address, port=5000, allow_loopback=True) == [address]
    with pytest.raises(RequestFailed, match="not have a public address"):
        where("demo.test", address)


@pytest.mark.parametrize("answers", [["8.8.8.8", "127.0.0.1"], ["10.0.0.1", "8.8.8.8"], ["8.8.8.8", "::1"]])
def test_name_with_one_private_address_is_blocked(answers):
    with pytest.raises(RequestFailed) as refusal:
        where("mixed.test", *answers)
    assert refusal.value.cause == "blocked"


def test_only_web_ports_are_allowed():
    assert where("example.test", "8.8.8.8", port=8443, allow_loopback=True)
    with pytest.raises(RequestFailed, match="port 6379"):
        where("example.test", "8.8.8.8", port=6379, allow_loopback=True)


def test_name_without_an_address_is_unknown():
    with pytest.raises(RequestFailed) as refusal:
        where("empty.test")
    assert refusal.value.cause == "dns"


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "The name nowhere.test does not exist."),
        (socket.gaierror(socket.EAI_AGAIN, "later"), "The name nowhere.test could not be resolved just now."),
        (UnicodeError("label too long"), "The name nowhere.test does not exist."),
    ],
)
def test_failed_lookup_is_reported(problem, sentence):
    def resolver(_host, _port):
        raise problem

    with pytest.raises(RequestFailed) as refusal:
        ssrf.resolve_allowed("nowhere.test", 443, allow_loopback=False, timeout=1, resolver=resolver)
    assert (refusal.value.cause, refusal.value.detail) == ("dns", sentence)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://Example.COM:443/A?b=C&d#e", "https://example.com/A?b=C&d"),
        ("https://example.com:8443/x", "https://example.com:8443/x"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://ＥＸＡＭＰＬＥ.com/", "https://example.com/"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700:4700:0::1111]/", "https://[2606:4700:4700::1111]/"),
        ("https://my_app.example.com/", "https://my_app.example.com/"),
    ],
)
def test_urls_are_normalized(written, plain):
    assert urls.normalize_url(written) == plain
    assert urls.normalize_url(plain) == plain


# fmt: off
REFUSED = [
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/",
    "javascript:alert(1)", "example.com", "//example.com", "https://", "https:///", "https://:443/",
    "https://user@example.com/", "https://user:pass@example.com/", "https://@example.com/", "https://2130706433/",
    "https://0177.0.0.1/", "https://127.1/", "https://0x7f000001/", "https://0x7f.1/", "https://127.0.0.01/",
    "https://1.1.1.0x1/", "https://127.0.0.1./", "https://example.com./", "https://.example.com/", "https://a..b/",
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[fe80::1%25eth0]/", "https://[::1/",
    "https://[]/", "https://[v1.x]/", "https://１２７.０.０.１/", "https://①②⑦.0.0.1/", "https://127。0。0。1/",
    "https://127.0.0.１/", "https://%31%32%37.0.0.1/", "https://exa%6dple.com/", "https://example.com:0/",
    "https://example.com:22/", "https://example.com:6379/", "https://example.com:99999/", "https://example.com:x/",
    "https://example.com:٤٤٣/", "https://-a.com/", "https://a-.com/", "https://example.com\\@127.0.0.1/",
    "https://a,b.com/", "https://٣.example.1/",
    "https://exa mple.com/", "https://example.com/\r\nHost: x", "https://exam\tple.com/", "\nhttps://example.com/",
    "https://example.com/\u202e", "https://example.com/\x7f", "https://example.com/\ud800", "https://exa\u00admple.com/",
    "https://example.com/" + "a" * 2048, "https://" + "a" * 64 + ".com/", "https://" + "a." * 130 + "com/",
]
# fmt: on


def test_ambiguous_urls_are_refused():
    accepted = {}
    for url in REFUSED:
        try:
            accepted[url] = urls.normalize_url(url)
        except RequestFailed as refusal:
            assert refusal.cause == "blocked", url
    assert accepted == {}


def test_http_and_other_ports_must_be_allowed():
    assert urls.normalize_url("http://example.com/", http=True) == "http://example.com/"
    assert urls.normalize_url("http://localhost:5000/x", http=True, allow_any_port=True) == "http://localhost:5000/x"


@given(st.text() | st.text().map("https://{}/".format) | st.from_regex(r"https://[0-9a-fx.:\[\]%@]{1,30}/.*"))
def test_any_text_is_normalized_or_refused(text):
    try:
        plain = urls.normalize_url(text)
    except RequestFailed as refusal:
        assert refusal.cause == "blocked"
    else:
        assert plain.startswith("https://")
        assert urls.normalize_url(plain) == plain


def where(name, *answers, port=443, allow_loopback=False):
    """The addresses the client would try for a name that has these answers."""

    def resolver(_host, port):
        return [(0, 0, 0, "", (answer, port)) for answer in answers]

    found = ssrf.resolve_allowed(name, port, allow_loopback=allow_loopback, timeout=1, resolver=resolver)
    return [address for address, _ in found]


def another_allows(address):
    return not DEFAULT_DENIED.classify(address).blocked
