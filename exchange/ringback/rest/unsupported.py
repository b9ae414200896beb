"""The REST resources that the exchange does not emulate. Requests for them get a 501 that gives the reason."""

from __future__ import annotations

from ringback.evidence import observed
from ringback.rest.errors import NotEmulated

LIBRARY = "https://github.com/twilio/twilio-python/tree/main/twilio/rest"
ACCOUNT_EVIDENCE = observed(f"{LIBRARY}/api/v2010/account")
MESSAGING_EVIDENCE = observed(f"{LIBRARY}/messaging/v1/service")
NO_CONNECT = "there is no other account here that could authorize yours"
# Reasons by method (* for all) and path under the account; a path includes all paths below it.
OF_THE_ACCOUNT: dict[tuple[str, str], str] = {
    ("POST", "/OutgoingCallerIds"): "start Ringback with --verified NUMBER instead",
    ("*", "/Addresses/{sid}/DependentPhoneNumbers"): "no number depends on an address here",
    ("*", "/AuthorizedConnectApps"): NO_CONNECT,
    ("*", "/AvailablePhoneNumbers/{country}/MachineToMachine"): "use Local, Mobile or TollFree",
    ("*", "/AvailablePhoneNumbers/{country}/National"): "use Local, Mobile or TollFree",
    ("*", "/AvailablePhoneNumbers/{country}/SharedCost"): "use Local, Mobile or TollFree",
    ("*", "/AvailablePhoneNumbers/{country}/Voip"): "use Local, Mobile or TollFree",
    ("*", "/Calls/{sid}/Events"): "see /requests and /calls/{sid} of the JSON API",
    ("*", "/Calls/{sid}/Notifications"): "use monitor.twilio.com/v1/Alerts",
    ("*", "/Calls/{sid}/Payments"): "there is no payment processor here",
    ("*", "/Calls/{sid}/Siprec"): "there is no SIPREC recording server here",
    ("*", "/Calls/{sid}/UserDefinedMessages"): "there is no Voice SDK here that could receive them",
    ("*", "/Calls/{sid}/UserDefinedMessageSubscriptions"): "there is no Voice SDK here that could send them",
    ("*", "/ConnectApps"): NO_CONNECT,
    ("*", "/IncomingPhoneNumbers/{sid}/AssignedAddOns"): "set a handset's add_ons instead",
    ("*", "/Messages/{sid}/Feedback"): "there is no carrier here to learn from it",
    ("*", "/Notifications"): "use monitor.twilio.com/v1/Alerts",
    ("*", "/Recordings/{sid}/AddOnResults"): "there are no add-ons for recordings here",
    ("*", "/SMS/ShortCodes"): "an app cannot own short codes here, but a handset can have one",
    ("*", "/SigningKeys"): "use /Keys",
    ("*", "/SIP"): "a handset with a sip: address needs none",
    ("*", "/Usage/Triggers"): "nothing costs anything here",
}
OF_MESSAGING: dict[tuple[str, str], str] = {
    ("*", "/v1/Services/{sid}/AlphaSenders"): "any alphanumeric sender ID can be used as From here",
    ("*", "/v1/Services/{sid}/ChannelSenders"): "every number is a WhatsApp sender here",
    ("*", "/v1/Services/{sid}/Compliance"): "no campaign has to be registered here",
    ("*", "/v1/Services/{sid}/DestinationAlphaSenders"): "any alphanumeric sender ID can be used as From here",
    ("*", "/v1/Services/{sid}/ShortCodes"): "an app cannot own short codes here",
}


def refusal(method: str, path: str) -> NotEmulated | None:
    """The error for a request, or None if the path is not in the tables. The paths are not registered as
    routes: that would delay startup."""
    parts = path.removesuffix(".json").strip("/").split("/")
    in_account = parts[:2] == ["2010-04-01", "Accounts"]
    table, parts = (OF_THE_ACCOUNT, parts[3:]) if in_account else (OF_MESSAGING, parts)
    for (refused, template), reason in table.items():
        if refused in ("*", method) and _is_at_or_below(template.strip("/").split("/"), parts):
            return NotEmulated(f"{method} {template}: {reason}")
    return None


def _is_at_or_below(template: list[str], parts: list[str]) -> bool:
    return len(parts) >= len(template) and all(
        expected.startswith("{") or expected == part for expected, part in zip(template, parts, strict=False)
    )
