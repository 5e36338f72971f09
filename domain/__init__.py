"""Pure rules: no Flask, no SQL, no network; `now` is always an argument."""
