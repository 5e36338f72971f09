"""Events: tell endpoints what happened, in the transaction in which it did."""
