"""Test messages that administrators send to themselves, to try one gateway or one template."""
