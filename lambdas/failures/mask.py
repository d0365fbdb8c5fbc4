"""Mask what looks like a secret before a log line is shown, stored or sent."""

import re

MASK = "***"

# A value that is already masked, or says that there is none, stays as it is.
_VALUE = r"(?!\*\*\*|N/A\b|None\b|null\b|true\b|false\b)[^\s\"'&;,<>(){}\[\]]+"
_NAMES = (
    r"(?:aws[_.-]?)?secret[_.-]?(?:access[_.-]?)?key|(?:aws[_.-]?|fs\.s3a\.)?session[_.-]?token|security[_.-]?token"
    r"|client[_.-]?secret|(?:access|refresh|auth|bearer|id|api)[_.-]?token|api[_.-]?key|private[_.-]?key"
    r"|password|passwd|passphrase|pwd"
)

# Where a replacement names groups, they are the harmless text around the secret. What looks ahead is bounded: one
# megabyte without a space must not take minutes.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # PEM: https://www.rfc-editor.org/rfc/rfc7468
        (
            r"(-----BEGIN (?:[A-Z]{1,12} ){0,3}PRIVATE KEY-----)(?!\*\*\*)[A-Za-z0-9+/=\s:,.-]*?(?=-----END"
            r"|\Z|[^A-Za-z0-9+/=\s:,.-])",
            r"\1" + MASK,
        ),
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b", MASK),
        # Session tokens of AWS STS start the same way.
        (r"\b(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz|AQoDYXdz)[A-Za-z0-9+/=%]{8,}", MASK),
        # JSON Web Tokens: https://www.rfc-editor.org/rfc/rfc7519
        (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?", MASK),
        (
            r"(?i)\b((?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:(?:basic|bearer|token|digest)\s+)?)" + _VALUE,
            r"\1" + MASK,
        ),
        (r"(?i)\b(bearer\s+)(?=\S{0,200}\d)[A-Za-z0-9._~+/=-]{16,}", r"\1" + MASK),
        # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
        (
            r"(?i)\b(X-Amz-(?:Signature|Credential|Security-Token)|AWSAccessKeyId|Signature|sig)(=)" + _VALUE,
            r"\1\2" + MASK,
        ),
        (r"(?i)(?<![A-Za-z])(" + _NAMES + r")([\"']?\s*(?:=|:(?!//))\s*[\"']?)" + _VALUE, r"\1\2" + MASK),
        (r"(?i)(--(?:password|token|secret)\s+)" + _VALUE, r"\1" + MASK),
        (r"(?i)\b(token[\"']?\s*[=:]\s*[\"']?)(?=[^\s\"']{0,200}\d)(?!\*\*\*)[A-Za-z0-9._~+/=-]{16,}", r"\1" + MASK),
        # A user and password in an address; a key of s3a:// may hold a slash.
        (r"\b(s3[an]?://[^\s/:@]{3,200}:)(?!\*\*\*)[^\s@]{8,200}(?=@)", r"\1" + MASK),
        (r"\b([a-z][a-z0-9+.:-]{0,30}://[^\s/:@\"']{0,200}:)(?!\*\*\*)[^\s/@\"']{1,200}(?=@)", r"\1" + MASK),
        (r"\b(jdbc:oracle:\w{1,20}:[^\s/:@]{1,200}/)(?!\*\*\*)[^\s/@]{1,200}(?=@)", r"\1" + MASK),
        # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
        (r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|npm_[A-Za-z0-9]{30,})", MASK),
        # https://api.slack.com/authentication/token-types
        (r"\bxox[a-z]-[A-Za-z0-9-]{10,}|(?<=hooks\.slack\.com/services/)[A-Za-z0-9/]{20,}", MASK),
        (r"\b(?:sk_live_|rk_live_)[A-Za-z0-9]{16,}|\bAIza[\w-]{35}|\bdapi[0-9a-f]{32}\b", MASK),
    )
)

# A secret access key has 40 characters of base64 and nothing around it that would make it a path, a word or a hash.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
_SECRET_KEY = re.compile(r"(?<![A-Za-z0-9/+=.:_$-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=._$-])")
_WORD = re.compile(r"[a-z]{7}|[A-Z]{14}|/[A-Za-z]{3,}/")


def mask_secrets(text: str) -> str:
    """Replace what looks like a key, token or password by ``***``.

    Masking a text twice changes nothing more.

    Parameters
    ----------
    text
        Any text, of one line or many.
    """
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return _SECRET_KEY.sub(_mask_key, text)


def _mask_key(found: re.Match[str]) -> str:
    key = found.group()
    kinds = (str.isupper, str.islower, str.isdigit)
    is_random = all(any(kind(character) for character in key) for kind in kinds) and not _WORD.search(key)
    return MASK if is_random else key
