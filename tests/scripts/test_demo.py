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


def test_env_file_with_comments_quotes_and_dollar_signs(tmp_path):
    (tmp_path / ".env").write_text(ENV_FILE)
    assert read_env(tmp_path / ".env") == {
        "TWILIO_AUTH_TOKEN": "plain",
        "SECRET_KEY": "two words",
        "PRESENTER_PASSWORD": "pa$$word${HOME}#1",
        "API_TOKENS": "a=b,$HOME",
        "GITHUB_TOKEN": "1:-----BEGIN-----\nkey\n-----END-----",
        "EMPTY": "",
    }
