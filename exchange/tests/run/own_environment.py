"""An app that clears its environment before it calls Twilio, and chooses the environment of its child processes."""

import base64
import os
import subprocess
import sys

from twilio.rest import Client

account, token = os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]
os.environ.clear()

ASKS = f"""
import sys, urllib.request
url = "https://api.twilio.com/2010-04-01/Accounts/{account}.json"
login = {{"Authorization": "Basic {base64.b64encode(f"{account}:{token}".encode()).decode()}"}}
print(sys.argv[-1], urllib.request.urlopen(urllib.request.Request(url, headers=login), timeout=10).status, flush=True)
"""


def command(way):
    return [sys.executable, "-c", ASKS, way]


print("library", 200 if Client(account, token).api.accounts(account).fetch().sid == account else 0, flush=True)
exec(ASKS, {})  # in this process, which has the name of this file
subprocess.run(command("subprocess"), env={"PYTHONPATH": "/of/the/app"}, check=True)
subprocess.run(command("inherited"), check=True)
os.waitpid(os.posix_spawn(sys.executable, command("posix_spawn"), {}), 0)
os.execv(sys.executable, command("execv"))
