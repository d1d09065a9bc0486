"""The project's own measuring set: pictures drawn from seeded data, each with the truth that it was drawn from."""
