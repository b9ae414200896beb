"""Removes what mail programs add below a text, such as "Sent from my iPhone"."""

import re

# Mail programs add some of these on the last line of the text.
SIGNATURE = re.compile(
    r"\n ?[-_—–]{2,} ?(?:\n.*|$)|\n ?>.*|\n ?(?:on|le|el|am) [^\n]{5,80}(?:wrote|écrit|escribió|schrieb)[^\n]{0,60}:.*"
    r"|\bsent (?:from|via|with|using) (?:my|the|an?|outlook|yahoo|mail|gmail|proton\w*|samsung|blackberry|mobile"
    r"|android|iphone|ipad|aol)\b.*"
    r"|\b(?:get|download) (?:outlook|yahoo|proton|gmail)\b.*"
    r"|\b(?:gesendet (?:von|mit)|von mein\w{1,2} \w+ gesendet|envoyé (?:de|depuis|à partir)"
    r"|enviad[oa] (?:desde|do|de|a)|inviato da|verzonden (?:vanaf|met|door)|skickat från|sendt fra|lähetetty"
    r"|wysłan[eo] z)\b.*",
    re.IGNORECASE | re.DOTALL,
)


def remove_mail_signature(text: str) -> str:
    """Return the text without its signature or quotations; unchanged if nothing would be left."""
    above = SIGNATURE.sub("", text).strip()
    is_signature = any(char.isalnum() or char in "?¿❓" for char in above)  # not in "*\n>check": the ">" is decoration
    return above if is_signature else text
