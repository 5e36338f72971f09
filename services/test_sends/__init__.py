"""Test messages that an administrator sends: one gateway, or one text, tried for real."""
