"""Card readers: bytes off a wire become cards."""
