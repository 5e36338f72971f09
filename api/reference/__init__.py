"""The page that documents the API for people, made from the OpenAPI document; it loads nothing from other hosts."""
