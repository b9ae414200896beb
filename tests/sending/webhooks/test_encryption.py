"""Encrypted values in Redis."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.webhooks.encryption import Encrypted, Encryption, WrongKey

OLD, NEW = "the old secret key", "the new secret key"
texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts)
def test_encrypted_value_can_be_decrypted(text):
    sealed = Encryption([NEW]).encrypt(text)
    assert Encryption([NEW]).decrypt(sealed) == text
    assert len(text) < 8 or text not in sealed


def test_encryption_is_not_deterministic():
    assert Encryption([NEW]).encrypt("whsec_x") != Encryption([NEW]).encrypt("whsec_x")


def test_rotation_decrypts_with_both_keys_and_encrypts_with_the_newest():
    sealed, both = Encryption([OLD]).encrypt("whsec_x"), Encryption([NEW, OLD])
    assert both.decrypt(sealed) == "whsec_x"
    assert Encryption([NEW]).decrypt(both.encrypt("whsec_x")) == "whsec_x"
    assert Encryption([NEW]).decrypt(both.reencrypt(sealed)) == "whsec_x"


def test_wrong_key_is_reported_with_advice():
    with pytest.raises(WrongKey, match="SECRET_KEY has changed since this was encrypted: set it to the new and old"):
        Encryption([NEW]).decrypt(Encryption([OLD]).encrypt("whsec_x"))


@given(texts)
def test_arbitrary_text_is_not_decrypted(text):
    with pytest.raises(WrongKey):
        Encryption([NEW, OLD]).decrypt(Encrypted(text))


def test_changed_character_is_detected():
    sealed = Encryption([NEW]).encrypt("Bearer x")
    with pytest.raises(WrongKey):
        Encryption([NEW]).decrypt(Encrypted(sealed[:30] + ("A" if sealed[30] != "A" else "B") + sealed[31:]))
