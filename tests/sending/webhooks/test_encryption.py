"""What lies in the store is of no use to whoever copies it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.webhooks.encryption import Encrypted, Encryption, WrongKey

OLD, NEW = "the old secret key", "the new secret key"
texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts)
def test_what_was_sealed_can_be_opened_and_does_not_show(text):
    sealed = Encryption([NEW]).encrypt(text)
    assert Encryption([NEW]).decrypt(sealed) == text
    assert len(text) < 8 or text not in sealed


def test_the_same_value_never_looks_the_same_twice():
    assert Encryption([NEW]).encrypt("whsec_x") != Encryption([NEW]).encrypt("whsec_x")


def test_while_the_secret_key_is_rotated_both_open_and_the_newest_seals():
    sealed, both = Encryption([OLD]).encrypt("whsec_x"), Encryption([NEW, OLD])
    assert both.decrypt(sealed) == "whsec_x"
    assert Encryption([NEW]).decrypt(both.encrypt("whsec_x")) == "whsec_x"
    assert Encryption([NEW]).decrypt(both.reencrypt(sealed)) == "whsec_x"


def test_another_key_is_told_as_such_with_what_mends_it():
    with pytest.raises(WrongKey, match="SECRET_KEY has changed since this was encrypted: set it to the new and the"):
        Encryption([NEW]).decrypt(Encryption([OLD]).encrypt("whsec_x"))


@given(texts)
def test_what_nobody_sealed_is_not_opened(text):
    with pytest.raises(WrongKey):
        Encryption([NEW, OLD]).decrypt(Encrypted(text))


def test_a_flipped_character_is_noticed():
    sealed = Encryption([NEW]).encrypt("Bearer x")
    with pytest.raises(WrongKey):
        Encryption([NEW]).decrypt(Encrypted(sealed[:30] + ("A" if sealed[30] != "A" else "B") + sealed[31:]))
