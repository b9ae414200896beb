"""G.711 µ-law: exact at the values that implementations differ in, and close everywhere."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from ringback.sound import mulaw

SAMPLES = st.integers(-32768, 32767)


def encoded(sample):
    return mulaw.encode(array("h", [sample]).tobytes())[0]


def decoded(byte):
    return array("h", mulaw.decode(bytes([byte])))[0]


def test_values_at_which_implementations_differ():
    assert [encoded(sample) for sample in (0, 1, 3, 4, -1, -8, -9)] == [0xFF, 0xFF, 0xFF, 0xFE, 0x7E, 0x7E, 0x7D]
    assert [encoded(sample) for sample in (32767, -32768, 8158 * 4, -8158 * 4)] == [0x80, 0x00, 0x80, 0x00]
    assert [decoded(byte) for byte in (0xFF, 0x7F, 0x80, 0x00)] == [0, 0, 32124, -32124]


def test_a_minus_zero_becomes_silence():
    assert 0x7F not in mulaw.encode_table()
    assert [byte for byte in range(256) if encoded(decoded(byte)) != byte] == [0x7F]


@given(SAMPLES)
def test_the_error_is_at_most_half_a_step(sample):
    magnitude = min(abs(sample >> 2), 8158)  # in the 14-bit form, in which steps are 2 to 256
    step = 2 << ((magnitude + 33).bit_length() - 6)
    assert abs(decoded(encoded(sample)) - max(-32635, min(32635, sample))) <= 4 * step / 2 + 4


@given(SAMPLES, SAMPLES)
def test_a_louder_sample_is_never_decoded_as_a_quieter_one(one, other):
    low, high = sorted((one, other))
    assert decoded(encoded(low)) <= decoded(encoded(high))


def test_an_incomplete_sample_is_ignored():
    assert mulaw.encode(b"\x00\x00\x00") == b"\xff"
