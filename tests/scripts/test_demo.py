"""What the demo reads from a .env file."""

from scripts.demo import read_env

ENV_FILE = r"""
# an account
TWILIO_AUTH_TOKEN=plain   # the newest
export SECRET_KEY="two words"
PRESENTER_PASSWORD='pa$$word${HOME}#1'
API_TOKENS=a=b,$HOME
GITHUB_TOKEN="1:-----BEGIN-----\nkey\n-----END-----"
EMPTY=
NAME_ALONE
"""


def test_comments_and_quotes_are_no_part_of_a_value_and_a_dollar_sign_is(tmp_path):
    (tmp_path / ".env").write_text(ENV_FILE)
    assert read_env(tmp_path / ".env") == {
        "TWILIO_AUTH_TOKEN": "plain",
        "SECRET_KEY": "two words",
        "PRESENTER_PASSWORD": "pa$$word${HOME}#1",
        "API_TOKENS": "a=b,$HOME",
        "GITHUB_TOKEN": "1:-----BEGIN-----\nkey\n-----END-----",
        "EMPTY": "",
    }
