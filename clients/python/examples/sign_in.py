"""Sign in with a code: SENDCODE_URL=… SENDCODE_KEY=… python3 sign_in.py +8613800138000"""

import os
import sys

from sendcode import LimitExceeded, MalformedCode, Sendcode

with Sendcode(os.environ["SENDCODE_URL"], os.environ["SENDCODE_KEY"]) as client:
    try:
        verification = client.verifications.issue("sms", sys.argv[1], purpose="login")
    except LimitExceeded as limit:
        sys.exit(f"Try again in {limit.retry_after:.0f} s.")
    print(f"A code is on its way to {verification.to}.", flush=True)
    for typed in sys.stdin:
        try:
            result = client.verifications.check(verification.id, typed.strip())
        except MalformedCode:
            print("This is no code.", flush=True)
            continue
        print("Welcome." if result.valid else f"Wrong, {result.attempts_left} attempts left.", flush=True)
        if result.valid or not result.attempts_left:
            break
